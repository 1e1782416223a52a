# SPDX-License-Identifier: MIT
"""A program with busy threads, what each of them did, and the trace it must leave."""

import glob
import itertools
import os
import re
import struct
import time

from processes import LATER, finish, read_lines, staged_files, start, unpack, wait_for
from run import Failure, expect_equal
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

# A place with the mark after it: ">" of a call, "<" of a return, "" of a line.
LINE = re.compile(r"(?:\[(\d+)(?: (\d+) ([^\]]*))?\] )?(\w+\.py):(\d+) +(.*)")
END = re.compile(r"(?:\[(\d+)(?: \d+ [^\]]*)?\] )?"
                 r"\+\+\+ (exited with|killed by signal|exec) ?([^:]*)"
                 r"(?:: (\d+) events, (\d+) lost)?$")
# The program of the process that recovers what others have left.
RECOVERER = re.compile(r"\[(\d+)\] <string>:1 ")
MESSAGE = re.compile(r"(?:\[[^\]]*\] )?# libpytrace: ")


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
    """Waits until killed processes are dead, which takes a while."""
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
        """What the threads noted: [pid, thread, number of turns, is over]."""
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
        """Runs the next process of the run, which may have a file of its own."""
        wait_for_deaths(int(re.search(r"\.(\d+)-\d+\.staged$", name).group(1))
                        for name in staged_files(self.folder))
        before = os.listdir(self.folder.path)
        finish(self.folder, interpreter, library, "-c", "pass", PYTRACE_RUN=LATER,
               PYTRACE_OUTPUT=self.output)
        expect_equal("staging files", staged_files(self.folder), [])
        for name in set(os.listdir(self.folder.path)).difference(before):
            os.unlink(os.path.join(self.folder.path, name))

    def expect(self, missing=0):
        """The trace has what all threads did. Returns the trace."""
        trace = Trace(self.lines(), self.folder, self.first)
        rows = self.rows()
        if not rows:
            raise Failure("no thread has begun")
        for pid, thread, count, is_over in rows:
            self.turns.expect("thread %d of %d" % (thread, pid),
                              trace.tokens.get((pid, thread), []), count, is_over, missing)
        return trace
