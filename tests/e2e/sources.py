# SPDX-License-Identifier: MIT
"""Where the text of lines comes from, and for how long it is kept."""

from run import expect_equal, run
from ways import Folder

RELOAD = """\
import importlib, os, sys, time
sys.dont_write_bytecode = True
import changing
old = changing.value
old()
with open(changing.__file__, "w") as file:
    file.write("# longer than before\\ndef value():\\n    return 'new'\\n")
importlib.reload(changing)
print(old(), changing.value())
"""

NAMES = """\
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4

for i in range(40000):
    exec(compile("x = 1", "<generated %d>" % i, "exec"), {})
    if i == 5000:
        before = resident()
print(resident() - before < 4096)
"""


def check_reload(interpreter, library):
    """New code has the text of the file as it is now, what ran before its own."""
    with Folder(reload=RELOAD, changing="def value():\n    return 'old'\n") as folder:
        result = run([interpreter.executable, "reload.py"], cwd=folder.path, library=library,
                     PYTRACE_EVENTS="line")
        expect_equal("stdout", result.stdout, b"old new\n")
        lines = [line.split(None, 1)[1] for line in result.lines if "changing.py:" in line]
        expect_equal("lines", lines, ["def value():", "return 'old'", "def value():",
                                    "return 'old'", "return 'new'"])


def check_memory(interpreter, library):
    """Names of generated code do not pile up."""
    if "t" in interpreter.executable.rsplit("python", 1)[1]:
        return  # records stay in free-threaded builds
    with Folder(names=NAMES) as folder:
        result = run([interpreter.executable, "names.py"], cwd=folder.path, library=library,
                     PYTRACE_OUTPUT="/dev/null")
        expect_equal("stdout", result.stdout, b"True\n")


CHECKS = [check_reload, check_memory]
