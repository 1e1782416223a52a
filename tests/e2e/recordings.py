# SPDX-License-Identifier: MIT
"""Recordings: one file for a run, complete at any moment, readable however it ends."""

import json
import os
import random
import re
import signal
import time

import deaths
import documented_reader
from processes import finish, start, wait_for
from recorded import show
from run import Failure, Skip, expect_equal, run
from ways import Folder

RECORDING = "trace.pytrace"

# Two threads that wait for each other.
DEADLOCK = """\
import threading, time
a = threading.Lock()
b = threading.Lock()
def wait(first, second):
    with first:
        time.sleep(0.2)
        with second:
            pass
threads = [threading.Thread(target=wait, args=each, name="waits-%d" % number)
           for number, each in enumerate([(a, b), (b, a)])]
for each in threads:
    each.start()
open("started", "w").close()
for each in threads:
    each.join()
"""

POOL = """\
import multiprocessing, sys
def work(number):
    total = 0
    for i in range(number):
        total += i
    return total
if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(4) as pool:
        results = pool.map(work, range(40))
        pool.close()
        pool.join()
    print(sum(results))
"""

FORKS = """\
import os
for number in range(100):
    child = os.fork()
    if child == 0:
        x = number
        os._exit(0)
    os.waitpid(child, 0)
"""

EMPTIES = """\
import os, subprocess, sys
child = os.fork()
if child == 0:
    for name in os.listdir('.'):
        if name != 'empties.py':
            open(name, 'w').close()
for i in range(100000):
    i
if child == 0:
    os._exit(0)
print('child', os.waitpid(child, 0)[1])
subprocess.run([sys.executable, '-c', 'later = 1'], check=True)
print('done')
"""

LOOP = """\
def add(n):
    total = 0
    for i in range(n):
        total += i
    return total
class Cart:
    def sum(self):
        return add(3)
add(100)
Cart().sum()
"""


def show_lines(folder, interpreter, library):
    del interpreter
    text = show(library, os.path.join(folder.path, RECORDING))
    return text.decode("utf-8", "replace").splitlines()


def command(folder, library, *arguments, status=0):
    """Runs the command in the folder. Returns its output and errors."""
    result = run([library.command] + list(arguments), cwd=folder.path)
    expect_equal("status of %s" % (arguments,), result.status, status)
    return result.stdout.decode(), result.stderr.decode()


def record(folder, interpreter, library, *arguments, **settings):
    return finish(folder, interpreter, library, *arguments, PYTRACE_OUTPUT=RECORDING,
                  **settings)


def check_deadlock(interpreter, library):
    """"last" tells where each thread hangs, while it does."""
    with Folder(waits=DEADLOCK) as folder:
        process = start(folder, interpreter, library, "waits.py", PYTRACE_OUTPUT=RECORDING)
        try:
            end = time.monotonic() + 60
            text = ""
            while text.count("waits.py:7") < 2 * 2 and time.monotonic() < end:
                time.sleep(0.1)
                if os.path.exists(os.path.join(folder.path, RECORDING)):
                    # It may have no beginning yet.
                    text = run([library.command, "last", RECORDING],
                               cwd=folder.path).stdout.decode()
        finally:
            process.kill()
            wait_for(process)
    for number in (0, 1):
        part = re.search(r"thread \d+ waits-%d, running\n(.*?)(?:\n\n|\Z)" % number, text,
                         re.DOTALL)
        if not part or not re.search(
                r"waits.py:7 +with second:\n  stack.*waits.py:7 in wait\n +with second:",
                part.group(1), re.DOTALL):
            raise Failure("thread %d is not where it waits:\n%s" % (number, text))


def expect_pool(interpreter, library, method):
    with Folder(pool=POOL) as folder:
        record(folder, interpreter, library, "pool.py", method)
        expect_equal("files", sorted(name for name in os.listdir(folder.path)
                                     if not name.startswith("__")),
                     ["pool.py", RECORDING])
        lines = show_lines(folder, interpreter, library)
    expect_equal("turns of the loop",
                 len([line for line in lines if "total += i" in line]),
                 sum(range(40)))
    ends = {re.match(r"\[(\d+)\]", line).group(1) for line in lines if "+++ exited" in line}
    if len(ends) < 2:  # there is nothing to tell of a worker without work
        raise Failure("only %d processes are said to have ended" % len(ends))


def check_pool_by_fork(interpreter, library):
    expect_pool(interpreter, library, "fork")


def check_pool_by_spawn(interpreter, library):
    expect_pool(interpreter, library, "spawn")


def check_forks(interpreter, library):
    """A hundred processes in one file, which takes little more than they have to say."""
    with Folder(forks=FORKS) as folder:
        record(folder, interpreter, library, "forks.py")
        lines = show_lines(folder, interpreter, library)
        blocks = os.stat(os.path.join(folder.path, RECORDING)).st_blocks
    expect_equal("children", len([line for line in lines if "x = number" in line]), 100)
    if blocks * 512 > 101 * (64 << 10):
        raise Failure("%d bytes on the disk" % (blocks * 512))


def check_second_run_replaces(interpreter, library):
    with Folder(first="x = 1\n", second="y = 2\n") as folder:
        record(folder, interpreter, library, "first.py", PYTRACE_RUN="1.1:0:0:0:0:0")
        record(folder, interpreter, library, "second.py", PYTRACE_RUN="2.2:0:0:0:0:0")
        lines = show_lines(folder, interpreter, library)
        expect_equal("first lines", [line for line in lines if "x = 1" in line], [])
        record(folder, interpreter, library, "first.py", PYTRACE_RUN="2.2:1:0:0:0:0")
        lines = show_lines(folder, interpreter, library)
    expect_equal("lines of both", sorted(
        line.split("  ")[-1].strip() for line in lines if " = " in line), ["x = 1", "y = 2"])


def check_compact(interpreter, library):
    """A packed recording shows the same, and is smaller."""
    with Folder(loop=LOOP) as folder:
        record(folder, interpreter, library, "loop.py")
        before, _ = command(folder, library, "show", "--full", RECORDING)
        size = os.path.getsize(os.path.join(folder.path, RECORDING))
        command(folder, library, "compact", RECORDING)
        after, _ = command(folder, library, "show", "--full", RECORDING)
        expect_equal("trace", after, before)
        last, _ = command(folder, library, "last", "-n", "1", RECORDING)
        expect_equal("last line", "< <module>" in last, True)
        if os.path.getsize(os.path.join(folder.path, RECORDING)) >= size:
            raise Failure("it is no smaller")


def check_folding(interpreter, library):
    """What repeats is shown first and last, with the number of turns between."""
    with Folder(loop=LOOP) as folder:
        record(folder, interpreter, library, "loop.py")
        text, _ = command(folder, library, "show", RECORDING)
    loop = [line.split("  ")[-1].strip() for line in text.splitlines()
            if line.startswith("loop.py:3 ") or line.startswith("loop.py:4 ") or
            "more time" in line]
    turn = ["for i in range(n):", "total += i"]
    expect_equal("the loops", loop, turn + ["\u2026 98 more times"] + turn + turn[:1] +
                 turn + ["\u2026 1 more time"] + turn + turn[:1])


def shown(folder, library, *options):
    """The places of what is shown, without indentation."""
    text, errors = command(folder, library, "show", "--full", *options + (RECORDING,))
    expect_equal("errors", errors, "")
    return [re.sub(r"\s+", " ", line) for line in text.splitlines()
            if not line.startswith("+++")]


def check_narrowing(interpreter, library):
    """Options choose among what was recorded."""
    with Folder(loop=LOOP) as folder:
        record(folder, interpreter, library, "loop.py")
        under = shown(folder, library, "--under", "::Cart.sum")
        expect_equal("under", [under[0], under[1], len(under), under[-1]],
                     ["loop.py:7 > Cart.sum", "loop.py:8 return add(3)", 14,
                      "loop.py:8 < Cart.sum"])
        only = shown(folder, library, "-i", "::Cart.sum")
        expect_equal("include", only, ["loop.py:7 > Cart.sum", "loop.py:8 return add(3)",
                                       "loop.py:8 < Cart.sum"])
        without = shown(folder, library, "-x", "::add")
        expect_equal("exclude", [line for line in without if "total" in line], [])
        flat = shown(folder, library, "--depth", "1")
        expect_equal("depth", [line for line in flat if "add" in line and ">" in line], [])
        part = shown(folder, library, "--from", "loop.py:7", "--to", "loop.py:2")
        expect_equal("from and to", part, ["loop.py:7 > Cart.sum", "loop.py:8 return add(3)",
                                           "loop.py:1 > add", "loop.py:2 total = 0"]
                     if part[0] != "loop.py:7 def sum(self):" else part)
        calls = shown(folder, library, "-e", "call")
        expect_equal("calls", [line.split("> ")[1] for line in calls],
                     ["<module>", "Cart", "add", "Cart.sum", "add"])


def check_as_documented(interpreter, library):
    """A reader made from doc/recording.md alone finds what the command shows."""
    with Folder(loop=LOOP) as folder:
        record(folder, interpreter, library, "loop.py")
        text, _ = command(folder, library, "show", "--full", "-e", "line,call,return",
                          RECORDING)
        path = os.path.join(folder.path, RECORDING)
        events = documented_reader.read_events(path)
        command(folder, library, "compact", RECORDING)
        compact_size = documented_reader.count_chunks(path)
    places = [line.split(" ")[0] for line in text.splitlines() if not line.startswith("+++")]
    # The first line of a class body is not shown: its text has just been.
    events = [each for each in events if each != ("line", "loop.py", 6, "Cart")]
    expect_equal("places", ["%s:%d" % each[1:3] for each in events], places)
    expect_equal("chunks", compact_size > 2, True)


def check_json(interpreter, library):
    """Objects, the same live and from a recording but for what differs in each run."""
    with Folder(loop=LOOP + "try:\n    int('\\udcff\\n\\\\\"')\nexcept ValueError:\n    pass\n") as folder:
        record(folder, interpreter, library, "loop.py")
        shown_text, _ = command(folder, library, "show", "-F", "json", RECORDING)
        finish(folder, interpreter, library, "loop.py", PYTRACE_OUTPUT="trace.json",
               PYTRACE_FORMAT="json")
        live_text = read(folder, "trace.json").decode("utf-8")
    objects = {}
    for name, text in ("live", live_text), ("shown", shown_text):
        objects[name] = [json.loads(line) for line in text.splitlines()]
        for each in objects[name]:
            for member in ("pid", "tid", "time", "path"):
                each.pop(member, None)
    # The first line of a class body is an event as any other.
    expect_equal("objects", objects["shown"], objects["live"])
    kinds = [each["event"] for each in objects["live"]]
    expect_equal("first and last", (kinds[0], kinds[-1]), ("start", "end"))
    expect_equal("lines", kinds.count("line") > 200, True)
    expect_equal("exceptions", [each["type"] for each in objects["live"]
                                if each["event"] == "exception"], ["ValueError"])


def check_bad_words(interpreter, library):
    """What is wrong is said in one line, and nothing is done."""
    del interpreter
    with Folder(empty="") as folder:
        for arguments, message in [
                (("shw",), "unknown command 'shw' (did you mean 'show'?)"),
                (("show", "--ful", "x"), None),
                (("show", "--colr=x", "x"), "unknown option '--colr' (did you mean '--color'?)"),
                (("show", "missing"), "missing: No such file or directory"),
                (("show", "empty.py"), "empty.py: the file is empty"),
                (("show",), "show: expected a FILE"),
                (("show", "--pid=x", "y"), "bad process 'x' (expected its number)"),
                (("show", "--from=x", "y"),
                 "bad place 'x' (expected FILE:LINE, or seconds since the run began)"),
                (("compact", "-l", "99", "y"), "bad level '99' (expected 1 to 19)"),
                (("record",), "record: expected a program to run")]:
            output, errors = command(folder, library, *arguments, status=2)
            expect_equal("output", output, "")
            if message:
                expect_equal("message", errors, "pytrace: %s\n" % message)


def check_damaged(interpreter, library):
    """A recording that is cut or overwritten anywhere shows what there is, or one line."""
    choice = random.Random(5)
    with Folder(loop=LOOP) as folder:
        record(folder, interpreter, library, "loop.py")
        path = os.path.join(folder.path, RECORDING)
        whole, _ = command(folder, library, "show", "--full", RECORDING)
        with open(path, "rb") as file:
            data = file.read()
        for number in range(150):
            damaged = bytearray(data)
            place = choice.randrange(len(data))
            if number % 2:
                del damaged[place:]
            else:
                damaged[place:place + 64] = choice.randbytes(64) if hasattr(
                    choice, "randbytes") else os.urandom(64)
            with open(path, "wb") as file:
                file.write(damaged)
            for each in ("show", "info", "last"):
                result = run([library.command, each, RECORDING], cwd=folder.path)
                if result.status not in (0, 2):
                    raise Failure("%s ended with %d after %d was %s" % (
                        each, result.status, place, "cut" if number % 2 else "overwritten"))
                if each == "show" and number % 2 and result.stdout and not result.status:
                    full, _ = command(folder, library, "show", "--full", RECORDING)
                    lines = [line for line in full.splitlines() if "+++" not in line]
                    expect_equal("lines before the cut", lines,
                                 whole.splitlines()[:len(lines)])


def check_own_truncation(interpreter, library):
    """A program that empties all files of its folder harms neither itself nor its children,
    and the recording goes on beside them."""
    with Folder(empties=EMPTIES) as folder:
        status, out, err = record(folder, interpreter, library, "empties.py")
        lines = show(library, os.path.join(folder.path, RECORDING + ".old")).decode()
        left = os.path.getsize(os.path.join(folder.path, RECORDING))
    expect_equal("status", status, 0)
    expect_equal("output", out, "child 0\ndone\n")
    expect_equal("message", "the recording goes on in" in err, True)
    expect_equal("what the program made", left, 0)
    expect_equal("lines", lines.count("    i\n"), 2 * 100000)
    expect_equal("lines of a process that comes later", "later = 1" in lines, True)


def check_removed(interpreter, library):
    """A recording that is removed meanwhile is named at the end."""
    with Folder(removes="import os\nos.remove('%s')\nprint('done')\n" % RECORDING) as folder:
        status, out, err = record(folder, interpreter, library, "removes.py")
    expect_equal("status", status, 0)
    expect_equal("output", out, "done\n")
    expect_equal("message", "is gone" in err, True)


def check_not_a_file(interpreter, library):
    """What cannot hold a recording is named, and the program runs."""
    with Folder(empty="print('done')\n") as folder:
        for output in ("stderr", "/dev/null"):
            status, out, err = finish(folder, interpreter, library, "empty.py",
                                      PYTRACE_OUTPUT=output, PYTRACE_FORMAT="record")
            expect_equal("status", status, 0)
            expect_equal("output", out, "done\n")
            expect_equal("message", "a recording needs a regular file" in err, True)


def check_small_limit(interpreter, library):
    """What a limit on files leaves no room for is counted."""
    with Folder(limited="import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (80000,) * 2)"
                        "\nfor i in range(200000):\n    i\nprint('done')\n") as folder:
        status, out, err = record(folder, interpreter, library, "limited.py")
        text = show(library, os.path.join(folder.path, RECORDING)).decode()
    expect_equal("status", status, 0)
    expect_equal("output", out, "done\n")
    found = re.search(r"(\d+) events are missing", err)
    told = re.search(r"\+\+\+ exited with 0: (\d+) events, (\d+) lost", text)
    if not found or not told:
        raise Failure("nothing is said to be lost: %s\n%s" % (err, text[-200:]))
    expect_equal("what is lost", told.group(2), found.group(1))
    if not 400000 <= int(told.group(1)) <= 400020:
        raise Failure("there are said to be %s events" % told.group(1))


def check_record_command(interpreter, library):
    """"record" leaves output, status and signals to the program."""
    if library.before:
        raise Skip("the command puts the library before a sanitizer's")
    with Folder(ends="import sys\nprint('out')\nsys.exit(3)\n",
                dies="import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n") as folder:
        python = interpreter.executable
        output, errors = command(folder, library, "record", "-o", RECORDING, "--", python,
                                 "ends.py", status=3)
        expect_equal("output", (output, errors), ("out\n", ""))
        lines = show_lines(folder, interpreter, library)
        expect_equal("lines", len([line for line in lines if "sys.exit(3)" in line]), 1)
        result = run([library.command, "record", python, "dies.py"], cwd=folder.path)
        expect_equal("status", result.status, -signal.SIGTERM)
        output, errors = command(folder, library, "record", "/nonexistent", status=127)
        expect_equal("message", errors,
                     "pytrace: cannot run '/nonexistent': No such file or directory\n")
        output, errors = command(folder, library, "record", "-o", "none.pytrace", "true")
        expect_equal("message", "nothing was recorded" in errors, True)


def check_follow(interpreter, library):
    """"show --follow" prints what comes, and ends with the program."""
    with Folder(waits="import os, time\nx = 1\nwhile not os.path.exists('go'):\n"
                      "    time.sleep(0.05)\ny = 2\n") as folder:
        process = start(folder, interpreter, library, "waits.py", PYTRACE_OUTPUT=RECORDING)
        path = os.path.join(folder.path, RECORDING)
        end = time.monotonic() + 60
        while not os.path.exists(path) and time.monotonic() < end:
            time.sleep(0.02)
        with open(os.path.join(folder.path, "seen"), "wb") as seen:
            follower = __import__("subprocess").Popen(
                [library.command, "show", "--follow", RECORDING], cwd=folder.path, stdout=seen)
            while b"x = 1" not in read(folder, "seen") and time.monotonic() < end:
                time.sleep(0.02)
            before = read(folder, "seen")
            folder.write("go", "")
            wait_for(process)
            follower.wait(60)
        after = read(folder, "seen")
    expect_equal("shown meanwhile", (b"x = 1" in before, b"y = 2" in before), (True, False))
    expect_equal("shown at the end", (b"y = 2" in after, b"+++ exited with 0" in after),
                 (True, True))


def read(folder, name):
    with open(os.path.join(folder.path, name), "rb") as file:
        return file.read()


CHECKS = [check_deadlock, check_pool_by_fork, check_pool_by_spawn, check_forks,
          check_second_run_replaces, check_compact, check_folding, check_narrowing,
          check_as_documented, check_json, check_bad_words, check_damaged, check_own_truncation, check_removed,
          check_not_a_file, check_small_limit, check_record_command, check_follow] + [
    deaths.make_check(way, name, "death_", bring_back=show_lines,
                      unknown="ended without a word", PYTRACE_OUTPUT=RECORDING)
    for way, names in ((deaths.die_by_others, deaths.BY_OTHERS),
                       (deaths.die_by_itself, deaths.BY_ITSELF)) for name in names]
for each in CHECKS:
    each.__module__ = __name__
