# SPDX-License-Identifier: MIT
"""However a process ends, its last line is in the trace, and how it ended.

Each way to die is a check of its own. PT_DEATHS says how often it is tried, 1 if not set.
"""

import os
import random
import re
import signal
import subprocess
import time

from processes import finish, read_lines, recover, staged_files, start, wait_for
from run import END, Failure, expect_equal
from ways import Folder

# Each line of the loop leaves its number in a file, by one write that is done when the next
# line comes; then the program dies.
PROGRAM = """\
import os, signal, sys, threading, time
def spin(name, count):
    log = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in range(count):
        os.write(log, b"5")
        os.write(log, b"6")
spin("log", int(sys.argv[1]))
"""

README = os.path.join(os.path.dirname(__file__), "..", "..", "README.md")

LINE = re.compile(r"(?:\[(\d+)(?: (\d+)[^]]*)?\] )?loop.py:(\d+) ")

ENDLESS = 1 << 40

# How many lines a loop may have at the most: some blocks that are written together.
MAX_COUNT = 20000

SELF = "os.kill(os.getpid(), signal.SIG%s)"
THREAD = "threading.Thread(target=%s, args=(%s,), daemon=True).start(); "
BLOCK = "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGABRT]); "

# What the program does, the status with which it ends, and what the trace says of that.
BY_ITSELF = {
    "end": ("pass", 0, "exited with 0"),
    "sys_exit": ("sys.exit(3)", 3, "exited with 3"),
    "uncaught": ("raise ValueError('x')", 1, "exited with 1"),
    "interrupt": ("raise KeyboardInterrupt", -signal.SIGINT, "killed by signal 2"),
    "os_exit": ("os._exit(4)", 4, "exited with 4"),
    "abort": ("os.abort()", -signal.SIGABRT, "killed by signal 6"),
    "fatal_error": ("import ctypes; ctypes.pythonapi.Py_FatalError(b'x')", -signal.SIGABRT,
                    "killed by signal 6"),
    "segfault": ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV, None),
    "faulthandler": ("import ctypes, faulthandler; faulthandler.enable(); ctypes.string_at(0)",
                     -signal.SIGSEGV, "killed by signal 11"),
    "exec": ("os.execv('/bin/true', ['true'])", 0, "exec /bin/true"),
    "sleeping_thread": (THREAD % ("time.sleep", "9"), 0, "exited with 0"),
    "busy_thread": (THREAD % ("spin", "'log2', %d" % ENDLESS) + "time.sleep(0.02)", 0,
                    "exited with 0"),
    # Signals that the process sends to itself,
    "own_interrupt": (SELF % "INT", -signal.SIGINT, "killed by signal 2"),
    "own_term": (SELF % "TERM", -signal.SIGTERM, "killed by signal 15"),
    "own_kill": (SELF % "KILL", -signal.SIGKILL, "killed by signal 9"),
    "raise": ("signal.raise_signal(signal.SIGTERM)", -signal.SIGTERM, "killed by signal 15"),
    "pthread_kill": ("signal.pthread_kill(threading.get_ident(), signal.SIGTERM)",
                     -signal.SIGTERM, "killed by signal 15"),
    "killpg": ("os.setsid(); os.killpg(0, signal.SIGTERM)", -signal.SIGTERM,
               "killed by signal 15"),
    "kill_group": ("os.setsid(); os.kill(0, signal.SIGTERM)", -signal.SIGTERM,
                   "killed by signal 15"),
    "blocked_abort": (BLOCK + "os.abort()", -signal.SIGABRT, "killed by signal 6"),
    # and that another thread of it takes,
    "taken": (THREAD % ("time.sleep", "9") + BLOCK + SELF % "TERM" + "; time.sleep(9)",
              -signal.SIGTERM, None),
    # or nobody.
    "blocked": (BLOCK + SELF % "TERM", 0, "exited with 0"),
    "blocked_raise": (BLOCK + "signal.raise_signal(signal.SIGTERM)", 0, "exited with 0"),
    "blocked_pthread_kill": (
        BLOCK + "signal.pthread_kill(threading.get_ident(), signal.SIGTERM)", 0,
        "exited with 0"),
    "ignored": ("signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SELF % "TERM", 0,
                "exited with 0"),
}

# Signals that come from another process in the midst of the loop.
BY_OTHERS = {
    "killed": (signal.SIGKILL, None),
    "terminated": (signal.SIGTERM, None),
    "interrupted": (signal.SIGINT, "killed by signal 2"),
}


def lines_of_threads(lines):
    """The numbers of the program's lines, in order: the main thread's, and the other one's."""
    numbers = [], []
    for line in lines:
        found = LINE.match(line)
        if found:
            pid, thread, number = found.groups()
            numbers[thread is not None and thread != pid].append(int(number))
    return numbers


def expect_loop(folder, log, numbers):
    """A thread's trace has every line that the log has, and at most one more."""
    with open(os.path.join(folder.path, log), encoding="ascii") as file:
        ran = [int(digit) for digit in file.read()]
    traced = [number for number in numbers if number in (5, 6)]
    if traced[:len(ran)] != ran or len(traced) > len(ran) + 1:
        raise Failure("%d lines are in %s, the trace has %d: %s ... %s" % (
            len(ran), log, len(traced), ran[-3:], traced[-3:]))


def expect_end(lines, last):
    """The trace of the process tells of its end, once, and that is how; None: not at all."""
    # Lines of the process that recovered the others begin with its pid.
    lines = [line for line in lines if not line.startswith("[")] or lines
    ends = [found.group(1).split(":")[0] for found in map(END.match, lines) if found]
    expect_equal("end", ends, [last] if last else [])


def recover_by_hand(folder, interpreter, library):
    """Does what README says."""
    del interpreter, library
    with open(README, encoding="utf-8") as file:
        recipe = re.search(r"By\s+hand:\n\n((?:    .*\n)+)", file.read()).group(1)
    name, = staged_files(folder)
    recipe = recipe.replace("trace.txt.1234-0.staged", name).replace("trace.txt", "trace")
    subprocess.run(["sh", "-ec", recipe], cwd=folder.path, check=True)
    expect_equal("staging files", staged_files(folder), [])
    return read_lines(folder)


def die_by_itself(name, choice, interpreter, library, bring_back=recover,
                  unknown=None, **settings):
    """UNKNOWN is what is told of an end that the library did not see."""
    statement, status, last = BY_ITSELF[name]
    with Folder(loop=PROGRAM + statement + "\n") as folder:
        count = choice.randrange(1, MAX_COUNT)
        result = finish(folder, interpreter, library, "loop.py", str(count),
                        PYTRACE_EVENTS="line", PYTHONFAULTHANDLER="", **settings)
        expect_equal("status", result[0], status)
        expect_equal("anything is staged", staged_files(folder) != [],
                     status < 0 and last is unknown)
        lines = bring_back(folder, interpreter, library)
        main, other = lines_of_threads(lines)
        expect_loop(folder, "log", main)
        expect_equal("number of the loop's lines", main.count(5) + main.count(6), 2 * count)
        expect_equal("last line", main[-1], 8)
        if os.path.exists(os.path.join(folder.path, "log2")):
            expect_loop(folder, "log2", other)
        expect_end(lines, last or unknown)


def die_by_others(name, choice, interpreter, library, bring_back=recover, unknown=None,
                  **settings):
    number, last = BY_OTHERS[name]
    with Folder(loop=PROGRAM) as folder:
        size = choice.randrange(1, 2 * MAX_COUNT)
        log = os.path.join(folder.path, "log")
        process = start(folder, interpreter, library, "loop.py", str(ENDLESS),
                        PYTRACE_EVENTS="line", **settings)
        while not os.path.exists(log) or os.path.getsize(log) < size:
            if process.poll() is not None:
                raise Failure("the program ended: %s" % process.communicate()[1])
            time.sleep(0.0005)
        process.send_signal(number)
        expect_equal("status", wait_for(process)[0], -number)
        lines = bring_back(folder, interpreter, library)
        expect_loop(folder, "log", lines_of_threads(lines)[0])
        expect_end(lines, last or unknown)


def make_check(way, name, prefix="", **options):
    """The check of one way to die."""
    def check(interpreter, library):
        times = int(os.environ.get("PT_DEATHS", 0)) or 1
        failures = []
        for number in range(times):
            choice = random.Random() if times > 1 else random.Random(name)
            try:
                way(name, choice, interpreter, library, **options)
            except Failure as failure:
                failures.append("run %d: %s" % (number, failure))
        if failures:
            raise Failure("%d of %d runs failed\n%s" % (len(failures), times, failures[0]))
    check.__name__ = "check_" + prefix + name
    return check


def check_by_hand(interpreter, library):
    die_by_itself("segfault", random.Random(0), interpreter, library, recover_by_hand)


CHECKS = [check_by_hand] + \
         [make_check(die_by_others, name) for name in BY_OTHERS] + \
         [make_check(die_by_itself, name) for name in BY_ITSELF]
