# SPDX-License-Identifier: MIT
"""Finds the CPython interpreters of this machine."""

import glob
import json
import os
import subprocess

OLDEST = (3, 8)
NEWEST = (3, 15)

PROBE = """
import json, os, re, sys, sysconfig
print(json.dumps({
    "executable": sys.executable,
    "version": list(sys.version_info[:3]),
    "name": sys.implementation.name,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "debug": hasattr(sys, "gettotalrefcount"),
    "shared": "libpython" in open("/proc/self/maps").read(),
    "stdlib": os.path.dirname(os.__file__),
    "include": sysconfig.get_path("include"),
    "libdir": sysconfig.get_config_var("LIBDIR"),
    "multiarch": sysconfig.get_config_var("MULTIARCH"),
    "loader": (re.findall(r"/\\S*/ld-\\S+", open("/proc/self/maps").read()) or [""])[0],
    "library": sysconfig.get_config_var("LDLIBRARY"),
    "prefix": sys.prefix,
}))
"""


class Interpreter:
    """A CPython that runs, and what it says about itself."""

    def __init__(self, facts):
        self.executable = facts["executable"]
        self.version = tuple(facts["version"])
        self.free_threaded = facts["free_threaded"]
        self.debug = facts["debug"]
        self.shared = facts["shared"]
        self.stdlib = facts["stdlib"]
        self.include = facts["include"]
        self.libdir = facts["libdir"]
        self.multiarch = facts["multiarch"] or ""
        self.loader = facts["loader"]
        self.library = facts["library"]
        self.prefix = facts["prefix"]

    @property
    def minor(self):
        return self.version[1]

    @property
    def has_monitoring(self):
        return self.minor >= 12

    def __str__(self):
        kind = "shared" if self.shared else "static"
        flags = "t" * self.free_threaded + "d" * self.debug
        return "%d.%d.%d%s-%s" % (self.version + (flags, kind))


def clean_environment(**changes):
    """The environment without variables that affect Python or the tracer."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTRACE", "LD_PRELOAD", "PYENV", "NO_COLOR"))
    }
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment.update(changes)
    return environment


def probe(path):
    """Returns what the interpreter says about itself, or None if it does not run."""
    try:
        answer = subprocess.run(
            [path, "-c", PROBE], env=clean_environment(), stdin=subprocess.DEVNULL,
            capture_output=True, timeout=60, check=True)
        return json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def candidate_paths():
    """Where interpreters may be, the most specific names first."""
    found = []
    extra = os.environ.get("PT_PYTHONS", "")
    found += [path for path in extra.split(os.pathsep) if path]
    if os.environ.get("PT_ONLY_PYTHONS"):
        return found
    found += sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python3")))
    folder = os.environ.get("PT_INTERPRETERS", "")
    if folder:
        found += sorted(glob.glob(os.path.join(folder, "3.*/usr/bin/python3.*[0-9]")))
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            found.append(os.path.join(folder, "python3.%d" % minor))
    found.append("/usr/bin/python3")
    return [path for path in found if os.access(path, os.X_OK)]


def find():
    """Returns the supported interpreters, each once, and the versions without any."""
    interpreters = {}
    for path in candidate_paths():
        facts = probe(path)
        if not facts or facts["name"] != "cpython":
            continue
        if not OLDEST <= tuple(facts["version"][:2]) <= NEWEST:
            continue
        interpreters.setdefault(os.path.realpath(facts["executable"]), Interpreter(facts))
    found = sorted(interpreters.values(), key=lambda each: (each.version, str(each)))
    minors = {each.minor for each in found}
    missing = ["3.%d" % minor for minor in range(OLDEST[1], NEWEST[1] + 1)
               if minor not in minors]
    return found, missing
