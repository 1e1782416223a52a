# SPDX-License-Identifier: MIT
"""Rules that match nothing are named, with what was probably meant."""

from run import expect_equal, run
from ways import Folder

CART = """\
import json

class Cart:
    def add(self, price):
        return add_up(price)

def add_up(price):
    return price
"""

MAIN = """\
import sys
sys.path.insert(0, "src")
import cart
cart.Cart().add(3)
"""

# A rule and what is probably meant; "" is no idea, None: it matches.
RULES = [
    ("src", "src/"), ("src/", None), ("add_up", "::add_up"), ("::add_up", None),
    ("Cart.add", "::Cart.add"), ("::Cart.add", None), ("crat", "cart"), ("cart", None),
    ("lib/src/cart.py", ""), ("cart.py", "**/cart.py"), ("user", "@user"), ("@site", None),
    ("::nothing", ""), ("main", None), ("src/cart.py::add_up", None), ("json", None),
    ("src/none.py", ""),
]

HOPELESS = [
    ("~/x", "did you mean '/home/u/x'?"), ("src/cart.py:3", "did you mean 'src/cart.py'?"),
    ("cart.py:3", "did you mean 'cart.py'?"), ("/no/such/file.py", "no such file"),
]


def start(interpreter, library, folder, **settings):
    return run([interpreter.executable, "main.py"], {"HOME": "/home/u"}, cwd=folder.path,
               library=library, **settings)


def check_matched_nothing(interpreter, library):
    """At the end, one line for each."""
    with Folder(main=MAIN) as folder:
        folder.write("src/cart.py", CART)
        for rule, meaning in RULES:
            for rules in (rule, "main," + rule):
                result = start(interpreter, library, folder, PYTRACE_INCLUDE=rules)
                line = "libpytrace: PYTRACE_INCLUDE: '%s' matched nothing in this process" % rule
                if meaning:
                    line += " (did you mean '%s'?)" % meaning
                expected = "" if meaning is None else line + "\n"
                expect_equal("stderr of " + rules, result.stderr.decode(), expected)
                expect_equal("status", result.status, 0)
        # An exclude rule that matches nothing is no mistake unless it looks like one.
        for rule, expected in (("::none", 0), ("tests/", 0), ("src", 1)):
            result = start(interpreter, library, folder, PYTRACE_EXCLUDE=rule)
            expect_equal(rule, result.stderr.count(b"matched nothing"), expected)


def check_children_say_nothing(interpreter, library):
    """Rules are for all processes of a run: one says so, for itself."""
    program = "import os, subprocess, sys\n" \
              "subprocess.run([sys.executable, '-c', 'pass'])\n" \
              "if os.fork() == 0:\n    sys.exit()\nos.wait()\n"
    with Folder(main=program) as folder:
        result = start(interpreter, library, folder, PYTRACE_INCLUDE="none")
        expect_equal("lines", result.stderr.count(b"matched nothing in this process"), 1)


def check_never_matches(interpreter, library):
    """Rules that can never match are named at the start, and refused by PYTRACE_STRICT."""
    with Folder(main=MAIN) as folder:
        folder.write("src/cart.py", CART)
        for rule, expected in HOPELESS:
            for strict in ("0", "1"):
                result = start(interpreter, library, folder, PYTRACE_INCLUDE=rule,
                               PYTRACE_STRICT=strict)
                lines = result.stderr.decode().splitlines()
                expect_equal("lines", len(lines), 1)
                if expected not in lines[0]:
                    expect_equal("line", lines[0], expected)
                expect_equal("status", result.status, 78 if strict == "1" else 0)


CHECKS = [check_matched_nothing, check_children_say_nothing, check_never_matches]
