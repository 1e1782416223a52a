# SPDX-License-Identifier: MIT
"""Programs print what README shows."""

import os

import case
from run import Failure, Skip, expect_equal, run

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CASES = os.path.join(ROOT, "tests", "cases")


def read_block(start):
    """The first indented block of README after the line that begins with START."""
    block = []
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as lines:
        lines = iter(lines)
        if not any(line.startswith(start) for line in lines):
            raise Failure("README has no line %r" % start)
        for line in lines:
            if line.startswith("    "):
                block.append(line[4:].rstrip("\n"))
            elif block:
                return block
    return block


def check_demo(interpreter, library):
    """The demo prints what README shows of it, one line after the other."""
    if interpreter.minor < 9:
        raise Skip("3.8 runs one of the lines twice")
    result = run([interpreter.executable, "-B", "test_jwt.py"],
                 cwd=os.path.join(ROOT, "examples"), library=library)
    expect_equal("status", result.status, 0)
    block = read_block("A part of what it prints:")
    starts = [i for i, line in enumerate(result.lines) if line == block[0]]
    found = [result.lines[i:i + len(block)] for i in starts] or [result.lines]
    if block not in found:
        expect_equal("the demo's trace", found[0], block)


def check_excerpts(library):
    """The lines with which README explains formats are from cases."""
    expected = {line for each in case.load(CASES)
                for _, lines in each.blocks["trace"] for line in lines}
    for start in ("**`text`**", "**`trace`**"):
        block = [line.replace("/usr/lib/python3.13", "<stdlib>") for line in read_block(start)]
        expect_equal("lines of no case", [line for line in block if line not in expected], [])


CHECKS = [check_demo]
CHECKS_WITHOUT_PYTHON = [check_excerpts]
