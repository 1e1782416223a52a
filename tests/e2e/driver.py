#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the end-to-end tests on every interpreter found, and prints TAP.

    driver.py LIBRARY [PATTERN ...]

PATTERN (or PT_PATTERNS of the environment) chooses tests by name, as in
"3.13*golden*". Further variables: PT_PYTHONS names further interpreters (with
PT_ONLY_PYTHONS=1 those alone), PT_INTERPRETERS the folder that "make interpreters" filled,
PT_PACKAGES one with a folder 3.N for each version to import packages from, PT_BEFORE what is
preloaded before the library, PT_JOBS how many tests run at a time, PT_DEATHS how often each
way to die is tried.
"""

import concurrent.futures
import fnmatch
import os
import signal
import sys
import traceback

import case
import deaths
import frameworks
import host
import interpreters
import outputs
import packages
import processes
import readme
import recorded
import recordings
import rule_reports
import settings
import sources
import stress
import tracers
import ways
from run import Failure, Library, Skip


def collect(found, library):
    """All tests as (name, function) pairs."""
    tests = []
    for interpreter in found:
        for framework, folder, check in frameworks.FRAMEWORKS + recorded.FRAMEWORKS:
            for each in case.load(folder):
                if framework in each.skip or not each.runs_on(interpreter):
                    continue
                if framework == "golden" and not frameworks.is_golden(each, interpreter):
                    continue
                name = "%s %s %s" % (interpreter, framework, each.name)
                tests.append((name, bind(check, each, interpreter, library)))
        checks = (ways.CHECKS + settings.CHECKS + sources.CHECKS + rule_reports.CHECKS +
                  processes.CHECKS + deaths.CHECKS + tracers.CHECKS + packages.CHECKS +
                  host.CHECKS + readme.CHECKS + outputs.CHECKS + stress.CHECKS +
                  recordings.CHECKS)
        for check in checks:
            label = check.__name__.replace("check_", "").replace("_", "-")
            name = "%s %s %s" % (interpreter, check.__module__, label)
            tests.append((name, bind(check, interpreter, library)))
    for check in host.CHECKS_WITHOUT_PYTHON + readme.CHECKS_WITHOUT_PYTHON:
        label = check.__name__.replace("check_", "").replace("_", "-")
        tests.append(("host %s" % label, bind(check, library)))
    return tests


def bind(function, *arguments):
    return lambda: function(*arguments)


def perform(test):
    """Runs one test. Returns its TAP lines and whether it passed."""
    name, function = test
    try:
        function()
        return True, "ok %%d - %s" % name.replace("%", "%%")
    except Skip as reason:
        return True, "ok %%d - %s # SKIP %s" % (name, reason)
    except Failure as failure:
        detail = str(failure)
    except Exception:
        detail = traceback.format_exc()
    detail = "\n".join("# " + line for line in detail.splitlines()).replace("%", "%%")
    return False, "not ok %%d - %s\n%s" % (name, detail)


def main():
    # A shell's background job ignores it, and programs would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    library = Library(os.path.abspath(sys.argv[1]), os.environ.get("PT_BEFORE", ""))
    patterns = sys.argv[2:] or os.environ.get("PT_PATTERNS", "").split()
    found, missing = interpreters.find()
    for interpreter in found:
        print("# using %s: %s" % (interpreter, interpreter.executable))
    for version in missing:
        print("# not found: %s" % version)
    tests = [test for test in collect(found, library)
             if not patterns or any(fnmatch.fnmatch(test[0], each) for each in patterns)]
    print("1..%d" % len(tests), flush=True)
    jobs = int(os.environ.get("PT_JOBS", 0)) or 2 * (os.cpu_count() or 1)
    is_good = bool(found)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for number, (passed, text) in enumerate(pool.map(perform, tests), 1):
            print(text % number, flush=True)
            is_good = is_good and passed
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
