# SPDX-License-Identifier: MIT
"""Runs pytest and notes the outcome of each test: suites_run.py REPORT ARGUMENT..."""

import os
import sys

import pytest

WORSE = {"passed": 0, "skipped": 1, "xfailed": 1, "xpassed": 1, "failed": 2, "error": 2}


class Reporter:
    """Writes "start NAME" and "OUTCOME NAME" lines; the worst part of a test counts."""

    def __init__(self, path):
        self.path = path
        self.process = os.getpid()
        self.outcomes = {}

    def write(self, word, name):
        if os.getpid() != self.process:
            return
        with open(self.path, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write("%s %s\n" % (word, name.replace("\n", "\\n")))

    def pytest_runtest_logstart(self, nodeid, location):
        self.outcomes.pop(nodeid, None)
        self.write("start", nodeid)

    def pytest_runtest_logreport(self, report):
        outcome = report.outcome
        if outcome == "rerun":
            self.outcomes.pop(report.nodeid, None)
            return
        if outcome == "failed" and report.when != "call":
            outcome = "error"
        if hasattr(report, "wasxfail"):
            outcome = "xfailed" if outcome == "skipped" else "xpassed"
        before = self.outcomes.get(report.nodeid, "passed")
        self.outcomes[report.nodeid] = max(before, outcome, key=WORSE.get)
        if report.when == "teardown":
            self.write(self.outcomes[report.nodeid], report.nodeid)

    def pytest_collectreport(self, report):
        if report.failed:
            self.write("error", report.nodeid or "collection")


def main():
    # As "python -m pytest" has it.
    sys.path[0] = os.getcwd()
    return pytest.main(sys.argv[2:], plugins=[Reporter(sys.argv[1])])


if __name__ == "__main__":
    sys.exit(main())
