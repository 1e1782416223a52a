# SPDX-License-Identifier: MIT
"""A case: one small Python program that says in comments at its end what must come out.

    # env: NAME=VALUE           another environment variable
    # args: a b                 arguments of the program
    # stdin: text               its standard input
    # versions: 3.12-           where it is run; so is "3.8-3.11"
    # needs: gil                a GIL, which puts threads in order
    # skip: golden              a framework that does not fit
    # compare: script           lines of other files depend on the moment: compare not
    # trace:                    what the trace must be, line by line, or
    # trace 3.8-3.11:           the same for some versions
    #   first line
    # stderr:                   what it must write to stderr, in the same form

A line may hold "..." for any text. Without "trace" the case is not golden.
"""

import os
import re
import shlex
import tokenize

SETTING = re.compile(r"# (env|args|stdin|versions|skip|compare|needs): ?(.*)$")
BLOCK = re.compile(r"# (trace|stderr)(?: ([-0-9.,]+))?:$")


def in_range(version, text):
    """Whether a (major, minor) pair is in "3.8-3.11", "3.12-" or "3.8,3.13"."""
    if "," in text:
        return any(in_range(version, part) for part in text.split(","))
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
        self.needs = []
        self.skip = []
        self.blocks = {"trace": [], "stderr": []}
        with tokenize.open(path) as lines:
            self.read([line.rstrip("\n") for line in lines])

    def read(self, lines):
        block = None
        for line in lines:
            setting = SETTING.match(line)
            start = BLOCK.match(line)
            if start:
                block = []
                self.blocks[start.group(1)].append((start.group(2) or "3.8-", block))
            elif block is not None and line.startswith("#"):
                block.append(line[4:])
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
        if "gil" in self.needs and interpreter.free_threaded:
            return False
        return in_range(interpreter.version[:2], self.versions)

    def expected(self, kind, interpreter):
        """The lines of trace or stderr that this interpreter must give, or None."""
        for versions, lines in self.blocks[kind]:
            if in_range(interpreter.version[:2], versions):
                return lines
        return None


def load(folder):
    """All cases of a folder, by name."""
    return [Case(os.path.join(folder, name)) for name in sorted(os.listdir(folder))
            if name.endswith(".py") and not name.startswith("_")]
