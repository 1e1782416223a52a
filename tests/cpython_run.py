# SPDX-License-Identifier: MIT
"""Runs one of CPython's test files and appends the outcome of each test to a file.

    cpython_run.py test_NAME FILE [TEST ...]
"""

import os
import sys
import unittest

# Tests may put others in their place.
OPEN, WRITE, CLOSE = os.open, os.write, os.close
# The tool id that the library takes.
OUR_TOOL = 4

# This one recurses until a signal comes, and now and then, without us, for ever.
ENDLESS = "test_print_exception_gh_102056"

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def append(path, line):
    fd = OPEN(path, FLAGS, 0o666)
    WRITE(fd, line.replace("\n", " ").encode("utf-8", "backslashreplace") + b"\n")
    CLOSE(fd)


class Result(unittest.TextTestResult):
    """Leaves each outcome at once: the process may not come to its end."""

    path = None

    def tell(self, outcome, test):
        append(self.path, "%s %s" % (outcome, test.id()))

    def startTest(self, test):
        self.tell("start", test)
        super().startTest(test)

    def addSuccess(self, test):
        self.tell("ok", test)
        super().addSuccess(test)

    def addFailure(self, test, err):
        self.tell("failure", test)
        super().addFailure(test, err)

    def addError(self, test, err):
        self.tell("error", test)
        super().addError(test, err)

    def addSkip(self, test, reason):
        self.tell("skip", test)
        super().addSkip(test, reason)

    def addExpectedFailure(self, test, err):
        self.tell("expected-failure", test)
        super().addExpectedFailure(test, err)

    def addUnexpectedSuccess(self, test):
        self.tell("unexpected-success", test)
        super().addUnexpectedSuccess(test)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.tell("failure", test)
        super().addSubTest(test, subtest, err)


def trace_nothing():
    """Takes the part of the library in what any trace function does, in Python."""
    import threading

    def tracer(*rest):
        return tracer

    threading.settrace(tracer)
    sys.settrace(tracer)


def monitor_nothing():
    """Takes the part of the library in what any tool of sys.monitoring does, in Python."""
    monitoring, events = sys.monitoring, sys.monitoring.events
    monitoring.use_tool_id(OUR_TOOL, "libpytrace")
    local = ("PY_START", "PY_RESUME", "PY_RETURN", "PY_YIELD", "LINE", "JUMP")
    others = ("RAISE", "PY_UNWIND", "PY_THROW")
    wanted = sum(getattr(events, name) for name in local)

    def start(code, offset):
        if not monitoring.get_local_events(OUR_TOOL, code):
            monitoring.set_local_events(OUR_TOOL, code, wanted)

    for name in local + others:
        monitoring.register_callback(OUR_TOOL, getattr(events, name), lambda *rest: None)
    monitoring.register_callback(OUR_TOOL, events.PY_START, start)
    monitoring.set_events(OUR_TOOL, events.PY_START + sum(
        getattr(events, name) for name in others))


def each_test(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each_test(test)
        else:
            yield test


def hide_tool(name):
    """Lets test_monitoring, which wants to be alone, see any tool but ours."""
    if name == "test_monitoring":
        from test import test_monitoring
        test_monitoring.range = lambda *numbers: [
            each for each in range(*numbers) if numbers != (6,) or each != OUR_TOOL]
        for variable in ("TEST_TOOL", "TEST_TOOL2", "TEST_TOOL3"):
            if getattr(test_monitoring, variable, None) == OUR_TOOL:
                setattr(test_monitoring, variable, 5)
        all_events, ours = sys.monitoring._all_events, 1 << OUR_TOOL
        sys.monitoring._all_events = lambda: {
            event: tools & ~ours for event, tools in all_events().items() if tools != ours}


def main():
    name, Result.path, chosen = sys.argv[1], sys.argv[2], set(sys.argv[3:])
    del sys.argv[1:]
    from test import support
    support.use_resources = []
    suite = unittest.defaultTestLoader.loadTestsFromName("test." + name)
    hide_tool(name)
    if os.environ.pop("CPYTHON_STAND_IN", None):
        if hasattr(sys, "monitoring"):
            monitor_nothing()
        else:
            trace_nothing()
    suite = unittest.TestSuite(
        test for test in list(each_test(suite))
        if (not chosen or test.id() in chosen) and not test.id().endswith(ENDLESS))
    result = unittest.TextTestRunner(sys.stdout, verbosity=0, resultclass=Result).run(suite)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
