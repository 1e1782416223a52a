# SPDX-License-Identifier: MIT
"""Other tracers: pip puts those that it can into folders outside the source tree."""

import os
import subprocess
import sys

from measure import note

CACHE = os.environ.get("BENCH_CACHE") or os.path.expanduser("~/.cache/libpytrace/bench")

#: What is installed, and a module by which it is known to be there.
PACKAGES = {"coverage": "coverage", "hunter": "hunter", "viztracer": "viztracer",
            "PySnooper": "pysnooper"}


def folder_of(package, version):
    """The folder of a package for a version of Python."""
    minor = ".".join(version.split(".")[:2])
    return os.path.join(CACHE, minor, package)


def install(package, version):
    folder = folder_of(package, version)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input",
               "--disable-pip-version-check", "--only-binary=:all:", "--no-compile",
               "--python-version", version, "--target", folder, package]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    last = done.stdout.decode(errors="replace").strip().splitlines()[-1:] or [""]
    return last[0] if done.returncode else None


def find(package, version):
    """Returns the folder to put on PYTHONPATH, or None if it is not available."""
    folder = folder_of(package, version)
    if os.path.isdir(os.path.join(folder, PACKAGES[package])):
        return folder
    failed = os.path.join(folder, "failed")
    if os.path.exists(failed):
        with open(failed) as file:
            note("%s: %s (remove %s to try again)" % (package, file.read(), failed))
        return None
    error = install(package, version)
    if not error:
        return folder
    os.makedirs(folder, exist_ok=True)
    with open(failed, "w") as file:
        file.write("not installable for %s: %s" % (version, error))
    note("%s: not installable for %s: %s" % (package, version, error))
    return None
