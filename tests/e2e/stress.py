# SPDX-License-Identifier: MIT
"""Every line once, in order and whole, whatever happens at the same time in other threads.

PT_STRESS says how often each check is repeated with other moments, 1 if not set.
"""

import glob
import itertools
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import threading
import time

from host import compile_c
from processes import (LATER, RUN, finish, read_lines, staged_files, start, unpack,
                       wait_for)
from run import Failure, Skip, expect_equal
from ways import Folder

# The groups of functions, one for each digit of a turn's number.
DIGITS, BASE = "abcd", 16

# A turn runs one line for each digit of its number: what is lost, or comes twice, shows. Row N
# of the log has the pid, the thread, the number of turns and whether it came to its end.
BUSY = """\
import mmap, os, threading
log = memoryview(mmap.mmap(os.open("log", os.O_RDWR), 1 << 16)).cast("Q")
is_over = False
%s
a, b, c, d = [[globals()[x + str(n)] for n in range(16)] for x in "abcd"]
def spin(row):
    n = 0
    log[4 * row:4 * row + 2] = pair(row)
    while not is_over:
        a[n & 15](); b[n >> 4 & 15](); c[n >> 8 & 15](); d[n >> 12 & 15]()
        n += 1
        log[4 * row + 2] = n
    log[4 * row + 3] = 1
def pair(row):
    return memoryview(mmap.mmap(-1, 16)).cast("Q") if row < 0 else \\
        memoryview(bytearray(os.getpid().to_bytes(8, "little") +
                             threading.get_native_id().to_bytes(8, "little"))).cast("Q")
""" % "\n".join("def %s%d(): pass" % pair for pair in itertools.product(DIGITS, range(BASE)))

ROWS = (1 << 16) // 32

MAIN = """\
import os, signal, sys, threading, time
import busy
delay = float(sys.argv[1])
threads = [threading.Thread(target=busy.spin, args=(row,)) for row in range(1, %(threads)d + 1)]
for thread in threads:
    thread.start()
while not all(busy.log[4 * row] for row in range(1, %(threads)d + 1)):
    time.sleep(0.001)
%(action)s
busy.is_over = True
for thread in threads:
    thread.join()
"""

# A place with the mark behind it: ">" of a call, "<" of a return, "" of a line.
LINE = re.compile(r"(?:\[(\d+)(?: (\d+) ([^\]]*))?\] )?(\w+\.py):(\d+) +(.*)")
END = re.compile(r"(?:\[(\d+)(?: \d+ [^\]]*)?\] )?"
                 r"\+\+\+ (exited with|killed by signal|exec) ?([^:]*)"
                 r"(?:: (\d+) events, (\d+) lost)?$")
# What the process runs that recovers what others have left.
RECOVERER = re.compile(r"\[(\d+)\] <string>:1 ")
MESSAGE = re.compile(r"(?:\[[^\]]*\] )?# libpytrace: ")


def repetitions(name):
    """A source of random choices for each repetition, with the repetition's number."""
    times = int(os.environ.get("PT_STRESS", 0)) or 1
    return [(number, random.Random("%s %d" % (name, number)) if number == 0
             else random.Random()) for number in range(times)]


def expect_wanted(interpreter):
    """In the short form some interpreters stand for all: each way to watch, old and new."""
    short = [(3, 11), (3, 13)]
    if os.environ.get("PT_STRESS"):
        return
    if os.environ.get("PT_SANITIZERS", "no") != "no":
        raise Skip("PT_STRESS=1 runs it with sanitizers")
    if interpreter.version[:2] not in short or interpreter.version[2] in (5, 7):
        raise Skip("PT_STRESS=1 runs it for this version")


def repeat(name, function):
    """
    Calls the function, which may return how many processes were killed, again and again. The
    failure tells how many calls were not good.
    """
    failures, deaths = [], 0
    tried = repetitions(name)
    for number, choice in tried:
        try:
            deaths += function(number, choice) or 0
        except Failure as failure:
            failures.append("run %d: %s" % (number, failure))
    if deaths and len(tried) > 1:
        print("# %s: %d processes were killed in %d runs" % (name, deaths, len(tried)))
    if failures:
        raise Failure("%d of %d runs failed\n%s" % (len(failures), len(tried), failures[0]))


class Trace:
    """A trace taken apart: tokens by thread, numbers of lines by process, and ends."""

    def __init__(self, lines, folder, first):
        self.sources = {}
        for path in glob.glob(os.path.join(folder.path, "*.py")):
            with open(path, encoding="utf-8") as file:
                self.sources[os.path.basename(path)] = file.read().splitlines()
        self.first = first
        self.tokens, self.counts, self.ends = {}, {}, []
        self.known, self.torn, self.others = {}, [], []
        takers = {}
        for line in lines:
            taker = takers.get(line)
            if taker is None:
                taker = takers[line] = self.taker(line)
            taker[0](taker[1])
        if self.torn:
            raise Failure("%d torn lines: %s" % (len(self.torn), [
                line[:300] for line in self.torn[:3]]))
        for pid in self.others:
            self.counts[pid] = self.counts.get(pid, 0) + 1
        for (pid, _), tokens in self.tokens.items():
            self.counts[pid] = self.counts.get(pid, 0) + len(tokens)

    def taker(self, line):
        """What takes such a line, and what it is given: there are few lines, often repeated."""
        found = END.match(line)
        if found:
            pid, how, what, events, lost = found.groups()
            return self.ends.append, (int(pid or self.first), ("%s %s" % (how, what)).strip(),
                                      events and int(events), lost and int(lost))
        found = LINE.match(line)
        if not found:
            recoverer = RECOVERER.match(line)
            if recoverer:
                return self.others.append, int(recoverer.group(1))
            return (len, "") if MESSAGE.match(line) else (self.torn.append, line)
        pid, thread, _, name, number, text = found.groups()
        place = (name, number, text)
        if place not in self.known:
            self.known[place] = self.judge(*place)
        if self.known[place] is None:
            return self.torn.append, line
        pid = int(pid or self.first)
        return self.tokens.setdefault((pid, int(thread or pid)), []).append, self.known[place]

    def judge(self, name, number, text):
        """The token of a line, or None when such a line cannot be."""
        source = self.sources.get(name, [])
        number = int(number)
        if not 0 < number <= len(source):
            return None
        if re.match(r"[<>] [\w<>.]+( \(\w+\))?$|! \w+|\+ \w+", text):
            return name, number, text[0]
        return (name, number, "") if text == source[number - 1].strip() else None

    def expect_counts(self, pids=None):
        """Last lines are right about how many lines of their processes the trace has."""
        for pid, how, events, lost in self.ends:
            if events is None or pids is not None and pid not in pids:
                continue
            actual = self.counts.get(pid, 0)
            if events - lost != actual:
                raise Failure("%s of %d says %d events, %d lost; the trace has %d lines" % (
                    how, pid, events, lost, actual))


class Turns:
    """The tokens that a thread must leave."""

    def __init__(self, source):
        lines = source.splitlines()
        place = {line.split("#")[0].strip(): number for number, line in enumerate(lines, 1)}
        self.spin = place["def spin(row):"]
        self.pair = place["def pair(row):"]
        self.loop = place["while not is_over:"]
        self.digits = [[self.call(place["def %s%d(): pass" % (digit, n)])
                        for n in range(BASE)] for digit in DIGITS]

    def call(self, line):
        return [(line, ">"), (line, ""), (line, "<")]

    def turn(self, number):
        tokens = [(self.loop, ""), (self.loop + 1, "")]
        for digit, calls in enumerate(self.digits):
            tokens += calls[number >> 4 * digit & 15]
        return tokens + [(self.loop + 2, ""), (self.loop + 3, "")]

    def take(self, tokens):
        """The tokens of the first turn and after; None if there is none."""
        own = [token[1:] for token in tokens if token[0] == "busy.py"]
        if (self.spin, ">") not in own:
            return None
        own = own[own.index((self.spin, ">")):]
        return own[own.index((self.loop, "")):] if (self.loop, "") in own else []

    def expect(self, label, tokens, count, is_over, missing=0):
        """
        The thread stored COUNT, the number of its turns: its trace has what led to that, but
        for MISSING lines, and no more than what leads to the next store.
        """
        own = self.take(tokens)
        if own is None:
            if count > missing:
                raise Failure("%s: no line of %d turns" % (label, count))
            return
        length = len(self.turn(0))
        last = [(self.loop, ""), (self.loop + 4, ""), (self.loop + 4, "<")]
        has_end = own[-3:] == last
        compared = own[:-3] if has_end else own
        for number, begin in enumerate(range(0, len(compared), length)):
            actual, expected = compared[begin:begin + length], self.turn(number)
            if actual != expected[:len(actual)]:
                raise Failure("%s: in turn %d of %d (from line %d of %d) is\n%s\nnot\n%s" % (
                    label, number, count, begin, len(own),
                    own[max(0, begin - 3):begin + 2 * length], expected))
        if is_over and not has_end:
            raise Failure("%s: no end, but %s" % (label, own[-5:]))
        low = count * length - missing
        high = count * length if is_over else (count + 1) * length + 3
        if not low <= len(compared) <= high:
            raise Failure("%s: %d turns are %d lines, the trace has %d" % (
                label, count, count * length, len(compared)))


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            return file.read().rpartition(b") ")[2][:1] not in (b"Z", b"X")
    except OSError:
        return False


def wait_for_deaths(pids):
    """Waits until processes that were killed are dead, which takes a while."""
    deadline = time.monotonic() + 60
    for pid in pids:
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.01)


class Scene:
    """A folder with a busy program, the log of its threads, and what comes out."""

    def __init__(self, action, threads=2, padding=0, output="trace", **files):
        self.output = output
        pad = "  # %s" % ("x" * padding) if padding else ""
        self.busy = "\n".join(line if not line or line.endswith("\\") else line + pad
                              for line in BUSY.splitlines()) + "\n"
        main = MAIN % {"action": action, "threads": threads}
        self.folder = Folder(busy=self.busy, main=main, **files)
        self.turns = Turns(self.busy)
        self.first = None

    def __enter__(self):
        self.folder.__enter__()
        with open(os.path.join(self.folder.path, "log"), "wb") as file:
            file.truncate(1 << 16)
        return self

    def __exit__(self, *details):
        self.folder.__exit__(*details)

    def rows(self):
        """What the threads said of themselves: [pid, thread, number of turns, is over]."""
        with open(os.path.join(self.folder.path, "log"), "rb") as file:
            values = struct.unpack("<%dQ" % (4 * ROWS), file.read())
        rows = [values[4 * row:4 * row + 4] for row in range(ROWS)]
        return [row for row in rows if row[0]]

    def run(self, interpreter, library, delay, *arguments, **settings):
        settings.setdefault("PYTRACE_OUTPUT", self.output)
        process = start(self.folder, interpreter, library, "-W", "ignore", "main.py",
                        "%f" % delay, *arguments, **settings)
        self.first = process.pid
        return wait_for(process)

    def lines(self):
        if not self.output.endswith(".zst"):
            return read_lines(self.folder, self.output)
        stem = self.output[:-len(".zst")]
        return [line for name in sorted(os.listdir(self.folder.path))
                if name.startswith(stem + ".") and name.endswith(".zst")
                for line in unpack(self.folder, name)]

    def recover(self, interpreter, library):
        """Lets the next process of the run come, which may have a file of its own."""
        wait_for_deaths(int(re.search(r"\.(\d+)-\d+\.staged$", name).group(1))
                        for name in staged_files(self.folder))
        before = os.listdir(self.folder.path)
        finish(self.folder, interpreter, library, "-c", "pass", PYTRACE_RUN=LATER,
               PYTRACE_OUTPUT=self.output)
        expect_equal("staging files", staged_files(self.folder), [])
        for name in set(os.listdir(self.folder.path)).difference(before):
            os.unlink(os.path.join(self.folder.path, name))

    def expect(self, missing=0):
        """All threads have left what they did. Returns the trace."""
        trace = Trace(self.lines(), self.folder, self.first)
        rows = self.rows()
        if not rows:
            raise Failure("no thread has begun")
        for pid, thread, count, is_over in rows:
            self.turns.expect("thread %d of %d" % (thread, pid),
                              trace.tokens.get((pid, thread), []), count, is_over, missing)
        return trace


def variant(number):
    """The output and the length of lines of a repetition."""
    if not shutil.which("zstdcat"):
        return [("trace", 0), ("trace", 3000)][number % 2]
    return [("trace", 0), ("trace.zst", 0), ("trace", 3000), ("trace.zst", 3000)][number % 4]


def short_variants(number):
    """In the first repetition text and zstd, then all in turn."""
    return [variant(0), variant(1)] if number == 0 else [variant(number)]


def expect_main(trace, scene, text, count):
    """The main thread has run a line of its program that often."""
    source = trace.sources["main.py"]
    number = next(n for n, line in enumerate(source, 1) if line.strip() == text)
    tokens = trace.tokens.get((scene.first, scene.first), [])
    expect_equal("times of %r" % text, tokens.count(("main.py", number, "")), count)


ENVIRONMENT = "libc = ctypes.CDLL(None, use_errno=True)"

# What is done while threads are busy, again and again: how often in one run. That is less
# where the run is repeated.
ACTIONS = {
    "system": ("pass", 'os.system("true")', 20),
    "popen": ("pass", 'os.popen("true").close()', 12),
    "c_system": ("import ctypes; " + ENVIRONMENT, 'libc.system(b"true")', 20),
    "failed_exec": ("import ctypes; %s; none = (ctypes.c_char_p * 1)()" % ENVIRONMENT,
                    'libc.execve(b"/nonexistent", none, none)', 200),
}

LOOP = """\
%s
for _ in range(%d):
    %s
time.sleep(delay)"""


def make_action(name):
    before, action, count = ACTIONS[name]
    if os.environ.get("PT_STRESS"):
        count //= 4

    def once(interpreter, library, output, padding, choice):
        with Scene(LOOP % (before, count, action), 2, padding, output) as scene:
            result = scene.run(interpreter, library, choice.uniform(0, 0.02))
            expect_equal("result", result, (0, "", ""))
            expect_equal("staging files", staged_files(scene.folder), [])
            trace = scene.expect()
            expect_main(trace, scene, action, count)
            expect_equal("ends", [end[:2] for end in trace.ends],
                         [(scene.first, "exited with 0")])
            trace.expect_counts()
    return make_check(name, once)


def make_check(name, once):
    """The check that tries it with the outputs and lengths of lines in turn."""
    def check(interpreter, library):
        expect_wanted(interpreter)

        def each(number, choice):
            for output, padding in short_variants(number):
                try:
                    once(interpreter, library, output, padding, choice)
                except Failure as failure:
                    raise Failure("%s, padding %d: %s" % (output, padding, failure))
        repeat(name, each)
    check.__name__ = "check_" + name
    return check


HANDLER = "import ctypes; handlers = ctypes.CDLL('./handlers.so'); "
ALARM = HANDLER + "handlers.install(signal.SIGALRM, b'%s', int(delay * 1e6)); busy.spin(0)"
OUTSIDE = HANDLER + "handlers.install(signal.SIGUSR1, b'%s', 0); busy.spin(0)"
DEATH = "time.sleep(delay)\n%s\ntime.sleep(60)"

# How the process dies while threads are busy: what it does, its status, and whether there is
# an orderly end, which leaves no staging file.
DEATHS = {
    "c_exit": (DEATH % "import ctypes; ctypes.CDLL(None)._exit(7)", 7, "exited with 7"),
    "os_exit": (DEATH % "os._exit(7)", 7, "exited with 7"),
    "c_exec": (DEATH % ("import ctypes; arguments = (ctypes.c_char_p * 2)(b'true'); "
                        "ctypes.CDLL(None).execve(b'/bin/true', arguments, arguments)"), 0,
               "exec /bin/true"),
    "faulthandler": ("import faulthandler\n"
                     "faulthandler.dump_traceback_later(delay, exit=True)\nbusy.spin(0)", 1,
                     "exited with 1"),
    "handler_exit": (ALARM % "exit", 7, "exited with 7"),
    "handler_exec": (ALARM % "exec", 0, "exec /bin/true"),
    "handler_raise": (ALARM % "raise", -signal.SIGTERM, None),
    "handler_kill": (ALARM % "kill", -signal.SIGKILL, None),
    "handler_abort": (ALARM % "abort", -signal.SIGABRT, None),
    "outside_exit": (OUTSIDE % "exit", 7, "exited with 7"),
    "outside_raise": (OUTSIDE % "raise", -signal.SIGTERM, None),
    "outside_abort": (OUTSIDE % "abort", -signal.SIGABRT, None),
}


def build_handlers(folder):
    """Compiles the handlers once, and links them into the folder."""
    with BUILD_LOCK:
        if not BUILT:
            built = Folder()
            built.__enter__()
            BUILT.append(built)
            compile_c("handlers.c", os.path.join(built.path, "handlers.so"),
                      ["-shared", "-fPIC"])
    os.symlink(os.path.join(BUILT[0].path, "handlers.so"),
               os.path.join(folder.path, "handlers.so"))


BUILD_LOCK = threading.Lock()
BUILT = []


def send_later(scene, process, delay):
    """Sends the signal that its handler waits for, some time after the loop has begun."""
    deadline = time.monotonic() + 60
    while not (scene.rows() and scene.rows()[0][1] == process.pid and scene.rows()[0][2] > 50):
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failure("no turn was made: %s" % (wait_for(process),))
        time.sleep(0.002)
    time.sleep(delay)
    process.send_signal(signal.SIGUSR1)


def make_death(name):
    action, status, end = DEATHS[name]

    def once(interpreter, library, output, padding, choice):
        with Scene(action, choice.choice([1, 2]), padding, output) as scene:
            if "handlers" in action:
                build_handlers(scene.folder)
            delay = choice.uniform(0.005, 0.05)
            process = start(scene.folder, interpreter, library, "-W", "ignore", "main.py",
                            "%f" % delay, PYTRACE_OUTPUT=output, PYTHONFAULTHANDLER="")
            scene.first = process.pid
            if "USR1" in action:
                send_later(scene, process, delay)
            expect_equal("status", wait_for(process)[0], status)
            is_orderly = bool(end)
            if end and "handlers" not in action:
                expect_equal("staging files", staged_files(scene.folder), [])
            elif staged_files(scene.folder):
                # A handler may have interrupted a write: the next process completes it.
                is_orderly = False
                scene.recover(interpreter, library)
            trace = scene.expect(missing=1 if end else 0)
            trace.expect_counts()
            own = [each[1] for each in trace.ends if each[0] == scene.first and each[2]]
            if is_orderly and own != [end] and not (own == [] and end.startswith("exec")):
                raise Failure("the ends are %s, not %s" % (trace.ends, end))
            if len(own) > 1:
                raise Failure("there are %d ends: %s" % (len(own), trace.ends))
    return make_check(name, once)


REAPING = """\
import ctypes
handlers = ctypes.CDLL("./handlers.so")
handlers.install(signal.SIGCHLD, b"waitpid", 0)
def kill_children():
    for row in range(10, 18):
        pid = os.fork()
        if pid == 0:
            busy.spin(row)
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
    time.sleep(delay)
    busy.is_over = True
killer = threading.Thread(target=kill_children)
killer.start()
busy.spin(0)
killer.join()"""


def check_handler_waitpid(interpreter, library):
    """A handler in C reaps killed children while the thread that it interrupts is busy."""
    expect_wanted(interpreter)
    def once(_, choice):
        with Scene(REAPING, 1) as scene:
            build_handlers(scene.folder)
            result = scene.run(interpreter, library, choice.uniform(0.01, 0.03))
            expect_equal("result", result, (0, "", ""))
            scene.recover(interpreter, library)
            trace = scene.expect()
            trace.expect_counts([scene.first])
    repeat("handler_waitpid", once)


FORKING = """\
def make_children():
    for row in range(10, 18):
        pid = os.fork()
        if pid == 0:
            threading.Timer(delay, busy.__dict__.__setitem__, ("is_over", True)).start()
            busy.spin(row)
            os._exit(row)
        status = os.waitpid(pid, 0)[1]
        assert status == row << 8, status
maker = threading.Thread(target=make_children)
maker.start()
maker.join()"""


def check_fork_in_thread(interpreter, library):
    """A thread forks while others are busy; the children are busy, too."""
    expect_wanted(interpreter)
    def once(_, choice):
        with Scene(FORKING, 2) as scene:
            result = scene.run(interpreter, library, choice.uniform(0.002, 0.02))
            expect_equal("result", result, (0, "", ""))
            expect_equal("staging files", staged_files(scene.folder), [])
            trace = scene.expect()
            trace.expect_counts()
            expect_equal("number of ends", len(trace.ends), 9)
    repeat("fork_in_thread", once)


# Rows from 10 up are those of the writers, which are killed all at the same time or nearly so.
STORM = """\
import random, subprocess
choice = random.Random(int(sys.argv[2]))
def write(row):
    if %(exec)d:
        return subprocess.Popen([sys.executable, "writer.py", str(row)]).pid
    pid = os.fork()
    if pid == 0:
        busy.spin(row)
    return pid
row = 10
for storm in range(int(sys.argv[3])):
    writers = []
    for _ in range(int(sys.argv[4])):
        writers.append(write(row))
        row += 1
    while not all(busy.log[4 * (row - 1 - n) + 2] for n in range(len(writers))):
        time.sleep(0.001)
    time.sleep(choice.uniform(0, 2 * delay))
    choice.shuffle(writers)
    for pid in writers:
        os.kill(pid, signal.SIGKILL)
    for pid in writers:
        os.waitpid(pid, 0)
    for number in range(500):
        pass
%(last)s"""

WRITER = "import sys, busy\nbusy.spin(int(sys.argv[1]))\n"


def storm(interpreter, library, choice, number, by_exec, kills_parent):
    times = 1 if number == 0 else choice.choice([1, 3])
    writers = 5 if number == 0 else choice.choice([15, choice.randrange(2, 16)])
    padding = choice.choice([0, 0, 3000, 12000])
    last = "os.kill(os.getpid(), signal.SIGSTOP)" if kills_parent else "pass"
    with Scene(STORM % {"exec": by_exec, "last": last}, 0, padding, writer=WRITER) as scene:
        process = start(scene.folder, interpreter, library, "-W", "ignore", "main.py",
                        "%f" % choice.uniform(0.002, 0.04), str(choice.randrange(1 << 30)),
                        str(times), str(writers))
        scene.first = process.pid
        if kills_parent:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            process.kill()
        expect_equal("result", wait_for(process),
                     (-signal.SIGKILL if kills_parent else 0, "", ""))
        if not kills_parent:
            expect_equal("staging files", staged_files(scene.folder), [])
        scene.recover(interpreter, library)
        trace = scene.expect()
        expect_equal("number of writers", len(scene.rows()), times * writers)
        trace.expect_counts()
    return times * writers


def check_storm_of_forks(interpreter, library):
    """Writers of one file, made by fork, are killed together; their parent recovers them."""
    expect_wanted(interpreter)
    repeat("storm_of_forks", lambda number, choice: storm(
        interpreter, library, choice, number, False, False))


def check_storm_of_execs(interpreter, library):
    """The same with writers that were started by exec."""
    expect_wanted(interpreter)
    repeat("storm_of_execs", lambda number, choice: storm(
        interpreter, library, choice, number, True, False))


def check_storm_with_parent(interpreter, library):
    """The parent dies as well: the next process of the run recovers all."""
    expect_wanted(interpreter)
    repeat("storm_with_parent", lambda number, choice: storm(
        interpreter, library, choice, number, choice.random() < 0.3, True))


# Storms in which those that recover are killed as well, and others go on writing.
CHAIN = """\
import subprocess
row = int(sys.argv[2])
pids = []
for number in range(3):
    pid = os.fork()
    if pid == 0:
        busy.spin(row + number)
    pids.append(pid)
busy.spin(row + 3)"""


def check_storm_of_groups(interpreter, library):
    """Whole groups are killed from outside at any time: while they recover, too."""
    expect_wanted(interpreter)
    def once(number, choice):
        with Scene(CHAIN, 0, choice.choice([0, 3000])) as scene:
            for generation in range(3 if number == 0 else 6):
                process = start_group(scene, interpreter, library, generation)
                if generation == 0:
                    scene.first = process.pid
                time.sleep(choice.uniform(0.05, 0.2))
                os.killpg(process.pid, signal.SIGKILL)
                wait_for(process)
            scene.recover(interpreter, library)
            scene.expect()
    repeat("storm_of_groups", once)


def start_group(scene, interpreter, library, generation):
    """Starts a process of the run, and its children, in a group of their own."""
    from interpreters import clean_environment
    environment = clean_environment(LD_PRELOAD=library.preload, PYTRACE_OUTPUT="trace")
    environment["PYTRACE_RUN"] = LATER if generation else RUN
    return subprocess.Popen(
        [interpreter.executable, "-W", "ignore", "main.py", "0", str(10 * generation)],
        cwd=scene.folder.path, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


CHECKS = [make_action(name) for name in ACTIONS] + \
         [make_death(name) for name in DEATHS] + \
         [check_handler_waitpid, check_fork_in_thread, check_storm_of_forks,
          check_storm_of_execs, check_storm_with_parent, check_storm_of_groups]
