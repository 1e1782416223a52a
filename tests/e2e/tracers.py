# SPDX-License-Identifier: MIT
"""Debuggers, the trace module and coverage work as they do alone; our trace continues."""

import ast
import json
import os
import re

import packages
from frameworks import read_lines, split_threads
from run import Failure, Skip, expect_equal, expect_same_lines, run
from ways import Folder

SHOP = """\
class Cart:
    def __init__(self):
        self.items = []

    def add(self, name, price):
        if price < 0:
            raise ValueError(name)
        self.items.append((name, price))

    def prices(self):
        for _, price in self.items:
            yield price

def total(cart):
    return sum(price for price in cart.prices())

def fill(cart):
    for name, price in [("pen", 3), ("ink", -1), ("cap", 5)]:
        try:
            cart.add(name, price)
        except ValueError as error:
            print("refused", error)

def main():
    cart = Cart()
    fill(cart)
    fill(cart)
    print(total(cart))

main()
"""

SHOP_WITH_THREAD = SHOP.replace("    fill(cart)\n    print", """\
    import threading
    thread = threading.Thread(target=fill, args=(cart,))
    thread.start()
    thread.join()
    print""")


def places(result):
    """The lines of the program, of one thread after the other, in the order of running."""
    lines = [line for line in result.lines if "# libpytrace" not in line]
    return [place[1] for thread in split_threads(read_lines(lines)) for place in thread]


def expect_lines_of(plain, result):
    """A trace shows the lines that another one of the same program shows."""
    expect_same_lines("trace", places(result), places(plain))


def trace(command, folder, library, **changes):
    """Runs a command with the lines of the program traced to a file."""
    environment = dict(changes.pop("env", {}), PYTRACE_INCLUDE="**/shop.py",
                       PYTRACE_EVENTS="line")
    return run(command, environment, cwd=folder, library=library, **changes)


def expect_same(result, plain):
    for what in ("stdout", "stderr", "status"):
        expect_equal(what, getattr(result, what), getattr(plain, what))


def debug(interpreter, library, commands):
    """A session of pdb is the same with the library. Returns the lines in the trace."""
    stdin = "".join(command + "\n" for command in commands).encode()
    command = [interpreter.executable, "-m", "pdb", "shop.py"]
    with Folder(shop=SHOP) as folder:
        plain = run(command, stdin=stdin, cwd=folder.path)
        result = trace(command, folder.path, library, stdin=stdin)
        expect_same(result, plain)
    if b"(Pdb)" not in plain.stdout:
        raise Failure("no session: %s" % plain.stdout)
    return places(result)


def expect_all_lines(lines):
    """The program was traced to its end, apart from the line that is not reached."""
    expect_equal("lines", sorted(set(lines)), [
        1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 14, 15, 17, 18, 19, 20, 21, 22, 24, 25, 26, 27, 28,
        30])


def check_pdb_steps(interpreter, library):
    expect_all_lines(debug(interpreter, library, [
        "n", "b fill", "c", "n", "n", "s", "s", "p name", "r", "w", "u", "p n", "d", "s",
        "until 22", "cl 1", "c", "q"]))


def check_pdb_jump(interpreter, library):
    lines = debug(interpreter, library, [
        "b 27", "c", "p cart.items", "j 28", "j 1", "n", "p 'there'", "c", "q"])
    # The second call is left out. No version reports the line that is jumped to.
    if lines.count(19) != 3 or lines.count(11) != 3:
        raise Failure("not what ran: %s" % lines)


def check_pdb_conditions(interpreter, library):
    expect_all_lines(debug(interpreter, library, [
        "b 8, name == 'cap'", "b 12", "display price", "c", "!price = 7", "c", "c", "c", "s",
        "s", "s", "retval", "tbreak 28", "c", "p price", "c", "q"]))


def check_pdb_ends(interpreter, library):
    """What runs after the debugger is gone is traced."""
    expect_all_lines(debug(interpreter, library, ["b 25", "c", "cl 1", "c", "q"]))


def check_set_trace(interpreter, library):
    """pdb.set_trace() sets f_trace of frames that run already."""
    program = SHOP.replace("        if price < 0:", "        if price < 0: "
                           "__import__('pdb').set_trace()\n        if price < 0:")
    stdin = b"n\nn\nn\nr\nc\nc\n"
    with Folder(shop=program) as folder:
        command = [interpreter.executable, "shop.py"]
        plain = run(command, stdin=stdin, cwd=folder.path)
        result = trace(command, folder.path, library, stdin=stdin)
        expect_same(result, plain)
        if b"(Pdb)" not in plain.stdout:
            raise Failure("no session: %s" % plain.stdout)
        expect_lines_of(trace(command, folder.path, library, stdin=b"c\nc\n"), result)


def check_trace_module(interpreter, library):
    """python -m trace counts and prints what it does alone."""
    with Folder(shop=SHOP) as folder:
        command = [interpreter.executable, "-m", "trace"]
        reference = trace([interpreter.executable, "shop.py"], folder.path, library)
        for options in (["--count", "--missing", "-C", "counts"], ["--trace"],
                        ["--trackcalls"], ["--listfuncs"]):
            tail = options + ["--ignore-dir=" + interpreter.stdlib, "shop.py"]
            plain = run(command + tail, cwd=folder.path)
            counts = read_all(folder.path, "counts")
            result = trace(command + tail, folder.path, library)
            expect_same(result, plain)
            expect_equal("counts", read_all(folder.path, "counts"), counts)
            expect_lines_of(reference, result)


def read_all(*path):
    """The texts of all files of a folder, by name."""
    folder = os.path.join(*path)
    texts = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            texts[name] = file.read()
            os.truncate(file.name, 0)
    return texts


def cover(interpreter, environment, folder, options, library=None):
    """Runs coverage. Returns its report, the data by file, and what the program left."""
    command = [interpreter.executable, "-m", "coverage"]
    tail = ["--data-file=data", "--include=*/shop.py"] + options + ["shop.py"]
    if library:
        result = trace(command + ["run"] + tail, folder, library, env=environment)
    else:
        result = run(command + ["run"] + tail, environment, cwd=folder)
    report = run(command + ["report", "-m", "--data-file=data"], environment, cwd=folder)
    data = run(command + ["json", "-q", "--data-file=data", "-o", "-"], environment, cwd=folder)
    if b"No data" in report.stdout:
        return report.stdout, {}, result
    if report.status or data.status:
        raise Failure("no report: %s\n%s\n%s" % (report.stdout, data.stderr, result.stderr))
    return report.stdout, json.loads(data.stdout)["files"], result


def check_coverage_of(core, interpreter, library):
    environment = dict(packages.find(interpreter, "coverage"), COVERAGE_CORE=core)
    with Folder(shop=SHOP_WITH_THREAD) as folder:
        reference = trace([interpreter.executable, "shop.py"], folder.path, library)
        for options in ([], ["--branch"], ["--timid"]):
            report, data, plain = cover(interpreter, environment, folder.path, options)
            if b"shop.py" not in report:
                raise Failure("nothing was covered: %s\n%s" % (report, plain.stderr))
            traced_report, traced_data, result = cover(
                interpreter, environment, folder.path, options, library)
            expect_same(result, plain)
            expect_equal("report", traced_report, report)
            expect_equal("data", traced_data, data)
            expect_lines_of(reference, result)
        # A program that is not measured is traced all the same.
        _, _, result = cover(interpreter, environment, folder.path, ["--include=/none/*"],
                             library)
        expect_lines_of(reference, result)


def check_coverage_python(interpreter, library):
    check_coverage_of("pytrace", interpreter, library)


def check_coverage_c(interpreter, library):
    environment = packages.find(interpreter, "coverage")
    if run([interpreter.executable, "-c", "import coverage.tracer"], environment).status:
        raise Skip("coverage has no C tracer")
    check_coverage_of("ctrace", interpreter, library)


def check_coverage_monitoring(interpreter, library):
    if interpreter.minor < 12:
        raise Skip("no sys.monitoring")
    check_coverage_of("sysmon", interpreter, library)


QUIET = """\
import sys

def tracer(frame, event, arg):
    print(event, frame.f_code.co_name, frame.f_lineno, frame.f_trace_lines)
    if event == "call":
        frame.f_trace_lines = frame.f_code.co_name == "loud"
    if event == "exception":
        frame.f_trace_lines = True
    return tracer

def loud():
    quiet()
    return list(numbers())

def quiet():
    for i in range(2):
        print(i)

def numbers():
    yield 1
    try:
        yield []
        raise ValueError
    except ValueError:
        yield 2
    return

PLACEHOLDER
loud()
sys.settrace(None)
loud()
"""


def check_no_lines(interpreter, library):
    """A tracer that asks for no lines gets none; the trace has them."""
    command = [interpreter.executable, "shop.py"]
    with Folder(shop=QUIET.replace("PLACEHOLDER", "sys.settrace(tracer)")) as folder:
        plain = run(command, cwd=folder.path)
        result = trace(command, folder.path, library)
        expect_same(result, plain)
        folder.write("shop.py", QUIET.replace("PLACEHOLDER", "sys.settrace(None)"))
        expect_lines_of(trace(command, folder.path, library), result)


THREADS_IN_C = """\
import _thread
import ctypes
import sys

TRACER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
                          ctypes.c_void_p)
set_trace = ctypes.pythonapi.PyEval_SetTrace
set_trace.restype = None
set_trace.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
count = 0

def record(self, frame, what, arg):
    global count
    count += 1
    return 0

recorder = TRACER(record)

def work():
    set_trace(ctypes.cast(recorder, ctypes.c_void_p), None)
    seen()
    set_trace(None, None)
    seen()
    sys.settrace(None)
    again()
    lock.release()

def seen():
    return 1

def again():
    return 2

lock = _thread.allocate_lock()
lock.acquire()
_thread.start_new_thread(work, ())
lock.acquire()
print(count)
"""


def check_c_tracer_in_thread(interpreter, library):
    """If our function loses its place, the trace says so, and continues later."""
    with Folder(shop=THREADS_IN_C) as folder:
        command = [interpreter.executable, "shop.py"]
        plain = run(command, cwd=folder.path)
        result = trace(command, folder.path, library)
        expect_same(result, plain)
    lines = places(result)
    is_lost = not interpreter.shared and not interpreter.has_monitoring
    notes = [line for line in result.lines if "# libpytrace: " in line]
    expect_equal("number of notes", len(notes), 1 if is_lost else 0)
    expect_equal("lines of seen()", lines.count(29), 0 if is_lost else 2)
    expect_equal("lines of again()", lines.count(32), 1)


WRAPPER = """\
import ctypes
import sys

TRACER = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.py_object,
                           ctypes.c_int, ctypes.c_void_p)
api = ctypes.pythonapi
api.PyThreadState_Get.restype = ctypes.c_void_p
api.PyEval_SetTrace.restype = None
api.PyEval_SetTrace.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
api.PyEval_SetProfile.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
SIZE = 192 // 8

def slots():
    words = (ctypes.c_void_p * SIZE).from_address(api.PyThreadState_Get())
    return [word or 0 for word in words]

def find_place():
    # The function that profiles is in front of the one that traces.
    api.PyEval_SetProfile(address_of(quiet_wrapper), id(api))
    place = slots().index(address_of(quiet_wrapper)) + 1
    sys.setprofile(None)
    return place

def address_of(function):
    return ctypes.cast(function, ctypes.c_void_p).value

def object_at(address):
    return ctypes.cast(address, ctypes.py_object).value if address else None

def read():
    words = slots()
    return words[PLACE], words[PLACE + 2]

def wrap(self, frame, what, arg):
    global inner
    if not inner or not inner[0]:
        return 0
    before = frame.f_trace_lines
    installed = read()
    kept = object_at(installed[1])
    try:
        TRACER(inner[0])(inner[1], frame, what, arg)
    except KeyError as error:
        print("raised", error)
    if not all(read()):
        print("it is gone")
        inner = None
    api.PyEval_SetTrace(*installed)
    if frame.f_trace_lines != before:
        print("no more lines")
        frame.f_trace_lines = before
        inner = None
    return 0

def tracer(frame, event, arg):
    if frame.f_code.co_name in ("good", "quiet", "raising"):
        seen.append((event, frame.f_code.co_name, frame.f_lineno))
    if frame.f_code.co_name == "quiet":
        frame.f_trace_lines = False
    if frame.f_code.co_name == "raising":
        raise KeyError(event)
    return tracer

def use(function):
    global inner
    found = read()
    kept = object_at(found[1])
    inner = found
    api.PyEval_SetTrace(address_of(wrapper), id(api))
    function()
    api.PyEval_SetTrace(*(inner or (None, None)))
    inner = kept = None
    print(function.__name__, seen, sys.gettrace())
    del seen[:]
    sys.settrace(None)

def good():
    for i in range(2):
        i += 1
    return i

def quiet():
    return good()

def raising():
    return good()

def untraced():
    return good()

inner = None
seen = []
wrapper = TRACER(wrap)
quiet_wrapper = TRACER(lambda *args: 0)
PLACE = find_place()
for function in good, quiet, raising:
    sys.settrace(tracer)
    use(function)
use(untraced)
good()
"""


def check_wrapped_tracer(interpreter, library):
    """A tracer that calls the one before it, as line_profiler does, sees what that does."""
    if interpreter.has_monitoring:
        raise Skip("the interpreter's trace function is not ours")
    command = [interpreter.executable, "shop.py"]
    with Folder(shop=WRAPPER) as folder:
        plain = run(command, cwd=folder.path)
        result = trace(command, folder.path, library)
    if plain.status or b"gone" not in plain.stdout or b"no more" not in plain.stdout:
        raise Failure("not what it is meant to be: %s%s" % (plain.stdout, plain.stderr))
    hidden = re.compile(rb"0x[0-9a-f]+")
    expect_equal("stdout", hidden.sub(b"", result.stdout), hidden.sub(b"", plain.stdout))
    expect_equal("stderr", result.stderr, plain.stderr)
    expect_equal("status", result.status, plain.status)
    lines = places(result)
    # Where the interpreter is inside the executable, the wrapper alone calls ours, and
    # two functions make it stop to do so.
    calls = 5 if interpreter.shared else 3
    first = WRAPPER.splitlines().index("def good():") + 2
    expect_equal("iterations in good()", lines.count(first + 1), calls * 2)
    expect_equal("ends of good()", lines.count(first + 2), calls)


LISTENERS = """\
import gc
import sys
import threading

def heard(event, args):
    if event.startswith(("object.", "sys.", "code.", "function.")):
        events.append((event,) + tuple(arg for arg in args if isinstance(arg, str)))

def collected(phase, info):
    global count
    count += 1

def numbers():
    yield 1

class Hidden(OSError):
    args = errno = property(lambda self: 1)

class Cycle:
    def __init__(self):
        self.me = self

    def __del__(self):
        global ends
        ends += 1

def work():
    for i in range(20):
        Cycle()
        for error in KeyError(i, (1, 2)), Hidden(1, "x"), OSError(2, "x", "y"):
            try:
                raise error
            except Exception:
                list(numbers())

events = []
count = ends = 0
MODULES = ("colorsys", "stat", "nowhere")
for name in MODULES[:2]:
    sys.modules.pop(name, None)
gc.callbacks.append(collected)
sys.addaudithook(heard)
gc.set_threshold(1, 1, 1)
work()
thread = threading.Thread(target=work)
thread.start()
thread.join()
gc.set_threshold(10 ** 6)
gc.callbacks.remove(collected)
for name in MODULES:
    try:
        __import__(name)
    except ImportError:
        pass
sys.settrace(None)
print(events)
PRINT
"""


def check_listeners(interpreter, library):
    """Audit hooks hear nothing of us, and no garbage is collected inside a callback."""
    command = [interpreter.executable, "shop.py"]
    environment = {"PYTRACE_INCLUDE": "**/shop.py", "PYTRACE_EVENTS": "all"}
    with Folder(shop=LISTENERS.replace("PRINT", "")) as folder:
        plain = run(command, cwd=folder.path)
        result = run(command, environment, cwd=folder.path, library=library)
        # Before 3.12 only PyEval_SetTrace can trace another thread, and the trace says so.
        own = [] if interpreter.has_monitoring else [("sys.settrace",)]
        heard = [ast.literal_eval(each.stdout.decode()) for each in (plain, result)]
        for each in own:
            heard[1].remove(each)
        expect_equal("events", heard[1], heard[0])
        # The hook itself is not traced, nor what is collected in it.
        program = LISTENERS.replace("sys.addaudithook(heard)\n", "")
        folder.write("shop.py", program.replace("PRINT", "print(count, ends)"))
        result = run(command, environment, cwd=folder.path, library=library)
        count, ends = result.stdout.split(b"\n")[1].split()
    calls = [line.rpartition("> ")[2] for line in result.lines if "> " in line]
    # 3.11 itself collects once while it prepares a call of the trace function.
    missing = int(count) - calls.count("collected")
    if missing not in ([0, 2] if interpreter.version[:2] == (3, 11) else [0]):
        raise Failure("%d calls of the callback are not traced" % missing)
    expect_equal("calls of the destructor", calls.count("Cycle.__del__"), int(ends))


CHECKS = [
    check_pdb_steps, check_pdb_jump, check_pdb_conditions, check_pdb_ends, check_set_trace,
    check_trace_module, check_coverage_python, check_coverage_c,
    check_coverage_monitoring, check_no_lines,
    check_c_tracer_in_thread, check_wrapped_tracer,
    check_listeners,
]
