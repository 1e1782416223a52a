# SPDX-License-Identifier: MIT
"""What a recording shows is what the library would have shown."""

import os
import re
import tempfile

from frameworks import CASES, PROGRAMS, command_of
from run import Failure, Skip, expect_same_lines, run

# What is not the same in two runs: who ran, when, and where temporary files are.
PREFIX = re.compile(r"^\[\d+[^]]*\] ")
TIME = re.compile(r"^(\([^)]*\) )?(?: *\d+\.\d{6}|\d\d:\d\d:\d\d\.\d{6}) ")
TEMPORARY = re.compile(r"/tmp\w{8}")
MODULE_FILE = re.compile(r"0x[0-9a-f]{6,}")


def show(library, recording, *options):
    """What the command prints of a recording, and that it says nothing else."""
    result = run([library.command, "show", "--full"] + list(options) + [recording])
    if result.status or result.stderr:
        raise Failure("show ended with %d: %s" % (result.status, result.stderr.decode()))
    return result.stdout


def options_of(env):
    """How the settings that say how a trace looks are told to the command."""
    names = {"PYTRACE_FORMAT": "--format", "PYTRACE_COLOR": "--color",
             "PYTRACE_TIME": "--time"}
    return ["%s=%s" % (names[name], value) for name, value in env.items()
            if name in names and value not in ("", "xml")]


def record(command, env, stdin, folder, library):
    """What a recording of the program shows."""
    kept = {name: value for name, value in env.items()
            if name not in ("PYTRACE_FORMAT", "PYTRACE_TIME")}
    with tempfile.TemporaryDirectory(prefix="pytrace-") as scratch:
        recording = os.path.join(scratch, "trace.pytrace")
        run(command, kept, stdin, folder, library, PYTRACE_OUTPUT=recording)
        if not os.path.exists(recording):
            raise Failure("there is no recording")
        return show(library, recording, *options_of(env))


def is_mixed(text):
    """Whether several processes or threads wrote."""
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    return any(PREFIX.match(line) for line in lines)


def normalize(text):
    """The lines without what differs."""
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    lines = [PREFIX.sub("", line) for line in lines]
    lines = [TIME.sub(r"\1", line) for line in lines]
    lines = [TEMPORARY.sub("TMP", line) for line in lines]
    return [MODULE_FILE.sub("0x", line) for line in lines]


def check_recorded(case, interpreter, library):
    """"show --full" prints, line by line, what the library writes by itself."""
    if "PYTRACE_OUTPUT" in case.env or case.compare == "script":
        raise Skip("it has an output of its own, or its lines depend on the moment")
    folder = os.path.dirname(case.path)
    command = command_of(case, interpreter)
    live = run(command, case.env, case.stdin, folder, library).trace
    shown = record(command, case.env, case.stdin, folder, library)
    order = sorted if is_mixed(live) or is_mixed(shown) else list
    expect_same_lines("trace", order(normalize(shown)), order(normalize(live)))


FRAMEWORKS = [
    ("recorded", CASES, check_recorded),
    ("recorded", PROGRAMS, check_recorded),
]
