# SPDX-License-Identifier: MIT
"""Runs programs with and without the library."""

import os
import re
import subprocess
import tempfile

from interpreters import clean_environment

TIMEOUT = 300

END = re.compile(r"(?:\[\d+\] )?\+\+\+ (.*)")


class Failure(Exception):
    """A test's result is wrong; the text says how."""


class Skip(Exception):
    """A test cannot run here; the text says why."""


class Result:
    """What a program left: output, errors, status, and the trace if there was one."""

    def __init__(self, stdout, stderr, status, trace=None):
        self.stdout = stdout
        self.stderr = stderr
        self.status = status
        self.trace = trace

    @property
    def lines(self):
        """The lines of the trace, without those that say how processes ended."""
        return [line for line in self.trace.decode("utf-8", "replace").splitlines()
                if not END.match(line)]

    @property
    def ends(self):
        """The lines that say how processes ended, without pids."""
        found = map(END.match, self.trace.decode("utf-8", "replace").splitlines())
        return [each.group(1) for each in found if each]


class Library:
    """The library under test, and what must be preloaded before it."""

    def __init__(self, path, before=""):
        self.path = path
        self.before = before

    @property
    def command(self):
        """The command pytrace, where it was built with the library."""
        build = os.path.dirname(os.path.dirname(os.path.dirname(self.path)))
        return os.environ.get("PT_COMMAND") or os.path.join(build, "pytrace")

    @property
    def preload(self):
        return " ".join(filter(None, [self.before, self.path]))


def run(command, env=None, stdin=b"", cwd=None, library=None, **settings):
    """Runs a command. With a library, preloads it and returns the trace, too."""
    environment = clean_environment(PYTHONHASHSEED="0", **(env or {}))
    if library is None:
        return execute(command, environment, stdin, cwd)
    with tempfile.TemporaryDirectory(prefix="pytrace-") as folder:
        output = os.path.join(folder, "trace")
        environment["LD_PRELOAD"] = library.preload
        environment.setdefault("PYTRACE_OUTPUT", output)
        environment.update(settings)
        result = execute(command, environment, stdin, cwd)
        try:
            with open(output, "rb") as trace:
                result.trace = trace.read()
        except OSError:
            result.trace = b""
    return result


def execute(command, environment, stdin, cwd):
    try:
        done = subprocess.run(command, env=environment, input=stdin, cwd=cwd,
                              capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise Failure("no end after %d s: %s" % (TIMEOUT, error.cmd))
    return Result(done.stdout, done.stderr, done.returncode)


def expect_equal(what, actual, expected):
    if actual != expected:
        raise Failure("%s is\n%s\nnot\n%s" % (what, show(actual), show(expected)))


def show(value):
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, list):
        value = "\n".join(map(str, value))
    text = str(value)
    return text if len(text) < 3000 else text[:1500] + "\n[...]\n" + text[-1500:]


def expect_same_lines(what, actual, expected):
    """Compares two lists; the failure shows where they first differ."""
    for index, (left, right) in enumerate(zip(actual, expected)):
        if left != right:
            start = max(0, index - 3)
            raise Failure("%s differs in line %d of %d/%d:\n%s\nnot\n%s" % (
                what, index + 1, len(actual), len(expected),
                show(actual[start:index + 3]), show(expected[start:index + 3])))
    if len(actual) != len(expected):
        shorter = min(len(actual), len(expected))
        raise Failure("%s has %d lines, not %d; the rest is\n%s" % (
            what, len(actual), len(expected),
            show((actual if len(actual) > shorter else expected)[shorter:shorter + 5])))
