# SPDX-License-Identifier: MIT
"""Packages that change how a program runs: pytest-xdist, greenlet."""

import os

from processes import WORK, expect_work, finish, recover
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


CHECKS = [check_xdist]
