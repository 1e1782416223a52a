#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Traces one-file applications that PyInstaller made, and prints TAP.

    pyinstaller.py [PATTERN ...]

Their boot loader loads libpython with dlopen. PyInstaller is installed by pip into a
temporary environment of each interpreter with a shared libpython; PATTERNs choose some.
"""

import fnmatch
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "e2e"))

import interpreters
from run import Failure, Library, Skip, expect_equal, run

PROGRAM = """\
import sys
def double(n):
    return n * 2
print(double(21), len(sys.argv))
sys.exit(3)
"""

LINES = ["app.py:1", "app.py:2", "app.py:4", "app.py:3", "app.py:5"]


def build(interpreter, folder):
    """Makes the application. Returns its path."""
    environment = os.path.join(folder, "environment")
    python = os.path.join(environment, "bin", "python")
    source = os.path.join(folder, "app.py")
    with open(source, "w", encoding="ascii") as file:
        file.write(PROGRAM)
    for command in ([interpreter.executable, "-m", "venv", environment],
                    [python, "-m", "pip", "install", "-q", "pyinstaller"]):
        if subprocess.run(command, capture_output=True).returncode:
            raise Skip("PyInstaller cannot be installed")
    done = subprocess.run([python, "-m", "PyInstaller", "--onefile", source], cwd=folder,
                          capture_output=True)
    if done.returncode:
        raise Failure(done.stderr.decode())
    return os.path.join(folder, "dist", "app")


def check(interpreter, library):
    with tempfile.TemporaryDirectory(prefix="pytrace-") as folder:
        command = [build(interpreter, folder)]
        plain = run(command)
        expect_equal("status", plain.status, 3)
        for switch in ("0", "1"):
            result = run(command, library=library, PYTRACE=switch)
            for what in ("status", "stdout", "stderr"):
                expect_equal(what, getattr(result, what), getattr(plain, what))
            # The source is not where the application runs: a line is its place alone.
            lines = [line for line in result.lines if re.fullmatch(r"app\.py:\d+", line)]
            expect_equal("lines", lines, LINES if switch == "1" else [])


def main():
    library = Library(os.path.abspath(os.environ["PT_LIBRARY"]))
    patterns = sys.argv[1:] or ["*"]
    found = [each for each in interpreters.find()[0] if str(each).endswith("-shared") and
             any(fnmatch.fnmatch(str(each), pattern) for pattern in patterns)]
    failed = 0
    print("1..%d" % len(found) if found else "1..0 # SKIP no shared libpython", flush=True)
    for number, interpreter in enumerate(found, 1):
        verdict, reason = "ok", ""
        try:
            check(interpreter, library)
        except Skip as why:
            reason = " # SKIP %s" % why
        except Failure as why:
            failed, verdict = 1, "not ok"
            print("# " + str(why).replace("\n", "\n# "))
        print("%s %d - %s%s" % (verdict, number, interpreter, reason), flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
