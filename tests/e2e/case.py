# SPDX-License-Identifier: MIT
"""A case: one small Python program that says in comments at its end what must come out.

    # env: NAME=VALUE           another environment variable
    # args: a b                 arguments of the program
    # stdin: text               its standard input
    # versions: 3.12-           where it is run; so is "3.8-3.11"
    # modules: name             packages that have to be importable
    # skip: golden              a framework that does not fit
    # compare: script           lines of other files depend on the moment: compare not
    # trace:                    what the trace must be, line by line, or
    # trace 3.8-3.11:           the same for some versions
    #   first line

A trace line may hold "..." for any text. Without "trace" the case is not golden.
"""

import os
import re
import shlex

SETTING = re.compile(r"# (env|args|stdin|versions|modules|skip|compare): ?(.*)$")
TRACE = re.compile(r"# trace(?: ([-0-9.]+))?:$")


def in_range(version, text):
    """Whether a (major, minor) pair is in "3.8-3.11", "3.12-" or "3.13"."""
    low, dash, high = text.partition("-")
    pair = lambda part: tuple(int(number) for number in part.split("."))
    if not dash:
        return version == pair(low)
    return (not low or pair(low) <= version) and (not high or version <= pair(high))


class Case:
    """A program and what its comments say."""

    def __init__(self, path):
        self.path = path
        self.file = os.path.basename(path)
        self.name = os.path.splitext(self.file)[0]
        self.env = {}
        self.args = []
        self.stdin = b""
        self.versions = "3.8-"
        self.compare = "all"
        self.modules = []
        self.skip = []
        self.traces = []
        with open(path, encoding="latin-1", newline="\n") as lines:
            self.read([line.rstrip("\r\n") for line in lines])

    def read(self, lines):
        trace = None
        for line in lines:
            setting = SETTING.match(line)
            start = TRACE.match(line)
            if start:
                trace = []
                self.traces.append((start.group(1) or "3.8-", trace))
            elif trace is not None and line.startswith("#"):
                trace.append(line[4:])
            elif setting:
                self.set(setting.group(1), setting.group(2))

    def set(self, name, text):
        if name == "env":
            key, _, value = text.partition("=")
            self.env[key] = value
        elif name == "args":
            self.args = shlex.split(text)
        elif name == "stdin":
            self.stdin = text.encode() + b"\n"
        elif name in ("versions", "compare"):
            setattr(self, name, text)
        else:
            getattr(self, name).extend(text.split())

    def runs_on(self, interpreter):
        return in_range(interpreter.version[:2], self.versions)

    def expected_trace(self, interpreter):
        """The lines that this interpreter must give, or None if nothing is said."""
        for versions, lines in self.traces:
            if in_range(interpreter.version[:2], versions):
                return lines
        return None


def load(folder):
    """All cases of a folder, by name."""
    return [Case(os.path.join(folder, name)) for name in sorted(os.listdir(folder))
            if name.endswith(".py") and not name.startswith("_")]
