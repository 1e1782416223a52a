# SPDX-License-Identifier: MIT
"""Packages that change how a program runs: pytest-xdist, greenlet."""

import os
import re

from processes import WORK, expect_work, finish, line_numbers, read_lines, recover
from run import Failure, Skip, expect_equal, run
from ways import Folder


def find(interpreter, module):
    """An environment in which the interpreter finds a module of some package."""
    folder = os.environ.get("PT_PACKAGES", "")
    for path in ("", os.path.join(folder, "3.%d" % interpreter.minor)):
        environment = {"PYTHONPATH": path} if path else {}
        command = [interpreter.executable, "-c", "import " + module]
        if run(command, environment).status == 0:
            return environment
    raise Skip("no %s, neither installed nor in PT_PACKAGES/3.%d" % (
        module, interpreter.minor))


TESTS = """\
import pytest
import work

@pytest.mark.parametrize("number", range(200))
def test_work(number):
    assert work.work(number) == number ** 2
"""


def check_xdist(interpreter, library):
    """The traces of the workers are, together, what the workers did."""
    environment = find(interpreter, "xdist")
    with Folder(test_work=TESTS, work=WORK) as folder:
        status, out, err = finish(
            folder, interpreter, library, "-m", "pytest", "-q", "-n", "4", "-p",
            "no:cacheprovider", **environment)
        expect_equal("status and stderr", (status, err), (0, ""))
        if "200 passed" not in out:
            raise Failure("the tests say %s" % out)
        expect_work(folder, recover(folder, interpreter, library))


GREENLETS = """\
import greenlet
def step(name):
    return name * 2
def ping(count):
    for number in range(count):
        step("ping")
        main.switch(number)
    return "end"
def pong(count):
    for number in range(count):
        step("pong")
        main.switch(number)
    return "end"
def rounds():
    first = greenlet.greenlet(ping)
    second = greenlet.greenlet(pong)
    first.switch(3)
    second.switch(3)
    while not (first.dead and second.dead):
        first.switch()
        second.switch()
    step("over")
main = greenlet.getcurrent()
for number in range(3):
    rounds()
    step("main")
left = greenlet.greenlet(ping)
left.switch(3)
del left
step("end")
"""

# Those of the greenlets: how deep they are depends on who has switched to them.
IN_GREENLETS = range(2, 14)


def check_greenlet(interpreter, library):
    """Switches between greenlets leave no trace in the indentation of the main one."""
    environment = find(interpreter, "greenlet")
    with Folder(main=GREENLETS) as folder:
        result = finish(folder, interpreter, library, "main.py", **environment)
        expect_equal("result", result, (0, "", ""))
        lines = read_lines(folder)
        expect_equal("number of switches", line_numbers(lines, "main.py").count(7), 10)
        main = {line for line in lines if line.startswith("main.py:") and
                int(line[len("main.py:"):].split(" ")[0]) not in IN_GREENLETS}
        texts = [re.sub(" +", " ", line) for line in main]
        expect_equal("lines that always stand in one place", sorted(set(texts)), sorted(texts))


CHECKS = [check_xdist, check_greenlet]
