# SPDX-License-Identifier: MIT
"""Where the text of lines comes from, and for how long it is kept."""

from run import Skip, expect_equal, run
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
    """New code shows the current text of the file, older code its own."""
    with Folder(reload=RELOAD, changing="def value():\n    return 'old'\n") as folder:
        result = run([interpreter.executable, "reload.py"], cwd=folder.path, library=library,
                     PYTRACE_EVENTS="line")
        expect_equal("stdout", result.stdout, b"old new\n")
        lines = [line.split(None, 1)[1] for line in result.lines if "changing.py:" in line]
        expect_equal("lines", lines, ["def value():", "return 'old'", "def value():",
                                    "return 'old'", "return 'new'"])


def check_memory(interpreter, library):
    """Names of generated code do not pile up."""
    if interpreter.free_threaded:
        raise Skip("records stay in free-threaded builds")
    if library.before:
        raise Skip("a sanitizer keeps what is freed")
    with Folder(names=NAMES) as folder:
        result = run([interpreter.executable, "names.py"], cwd=folder.path, library=library,
                     PYTRACE_OUTPUT="/dev/null")
        expect_equal("stdout", result.stdout, b"True\n")


def texts(result, name):
    """The lines of a file as (number, text) pairs."""
    found = []
    for line in result.lines:
        place, _, text = line.partition(" ")
        if place.startswith(name + ":"):
            found.append((int(place.rsplit(":", 1)[1]), text.strip()))
    return found


def check_command(interpreter, library):
    """Code after -c shows its text; other code of that name does not."""
    program = "def f(x):\n    return x\n\nf(1)\nexec('y = 2')\n"
    for options in (["-c", program], ["-Bc" + program]):
        result = run([interpreter.executable] + options, library=library,
                     PYTRACE_EVENTS="line")
        expect_equal("lines", texts(result, "<string>"), [
            (1, "def f(x):"), (4, "f(1)"), (2, "return x"), (5, "exec('y = 2')"), (1, "")])


def check_stdin_file(interpreter, library):
    """A program on standard input shows its text if that is a file."""
    with Folder(program="skipped\ndef f(x):\n    return x\nf(1)\n") as folder:
        command = "(read first; exec %s) < program.py" % interpreter.executable
        result = run(["bash", "-c", command], cwd=folder.path, library=library,
                     PYTRACE_EVENTS="line")
        expect_equal("status", result.status, 0)
        expect_equal("lines", texts(result, "<stdin>"),
                     [(1, "def f(x):"), (3, "f(1)"), (2, "return x")])


REGISTERED = """\
import linecache

class Odd(dict):
    def __getitem__(self, key):
        print("called")
    get = __getitem__

def cell(name, text, entry=None):
    linecache.cache[name] = entry or (len(text), None, text.splitlines(True), name)
    exec(compile(text, name, "exec"), {"__name__": "__main__"})

cell("<ipython-input-1-a>", "def f():\\n    return 1\\nf()\\n")
cell("<ipython-input-1-a>", "g = 2\\n")
cell("/tmp/ipykernel_0/123.py", "def h():\\n    return 3\\nh()\\n")
cell("/tmp/ipykernel_0/123.py", "i = 4\\n")
cell("<lazy>", "j = 5\\n", (print,))
cell("<odd-lines>", "k = 6\\n", (1, None, [6], "<odd-lines>"))
cell("<string>", "l = 7\\n")
linecache.cache = Odd(linecache.cache)
cell("<odd-cache>", "m = 8\\n")
"""


def check_registered(interpreter, library):
    """Code whose text is in linecache.cache shows it; nothing of the program runs."""
    with Folder(cells=REGISTERED) as folder:
        result = run([interpreter.executable, "cells.py"], cwd=folder.path, library=library,
                     PYTRACE_EVENTS="line")
        expect_equal("stdout", result.stdout, b"")
        expect_equal("status", result.status, 0)
        expect_equal("cells", texts(result, "<ipython-input-1-a>"), [
            (1, "def f():"), (3, "f()"), (2, "return 1"), (1, "g = 2")])
        expect_equal("kernel", texts(result, "/tmp/ipykernel_0/123.py"), [
            (1, "def h():"), (3, "h()"), (2, "return 3"), (1, "i = 4")])
        for name in ("<lazy>", "<odd-lines>", "<string>", "<odd-cache>"):
            expect_equal(name, texts(result, name), [(1, "")])


def check_prompt(interpreter, library):
    """From 3.13 on Python keeps what is typed at a prompt."""
    if interpreter.version < (3, 13):
        return
    program = "def f():\n    return 1\n\nf()\n"
    result = run([interpreter.executable, "-i", "-q"], stdin=program.encode(),
                 library=library, PYTRACE_EVENTS="line", PYTHON_BASIC_REPL="1")
    lines = [line.split(" ", 1)[1].strip() for line in result.lines if line[0] == "<"]
    expect_equal("lines", lines, ["def f():", "f()", "return 1"])


CHECKS = [check_reload, check_memory, check_command, check_stdin_file, check_registered,
          check_prompt]
