# SPDX-License-Identifier: MIT
"""Every line once, in order and whole, whatever other threads do at the same time.

PT_STRESS says how often each check is repeated, each time with other moments; default 1.
"""

import os
import random
import shutil
import signal
import subprocess
import threading
import time

from busy import Scene
from host import compile_c
from processes import LATER, RUN, staged_files, start, wait_for
from run import Failure, Skip, expect_equal
from ways import Folder


def repetitions(name):
    """A source of random choices for each repetition, with the repetition's number."""
    times = int(os.environ.get("PT_STRESS", 0)) or 1
    return [(number, random.Random("%s %d" % (name, number)) if number == 0
             else random.Random()) for number in range(times)]


def expect_wanted(interpreter):
    """The short form takes two interpreters: one for each backend."""
    short = [(3, 11), (3, 13)]
    if os.environ.get("PT_STRESS"):
        return
    if os.environ.get("PT_SANITIZERS", "no") != "no":
        raise Skip("PT_STRESS=1 runs it with sanitizers")
    if interpreter.version[:2] not in short or interpreter.version[2] in (5, 7):
        raise Skip("PT_STRESS=1 runs it for this version")


def repeat(name, function):
    """
    Calls the function again and again; it may return how many processes were killed. The
    failure says how many calls failed.
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
    """The check that tries ONCE with each output and length of lines in turn."""
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
                # A handler may have interrupted a write: then the next process completes it.
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


# Rows from 10 up belong to the writers, which are all killed at nearly the same time.
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


# Storms in which the recovering processes are killed, too, while others keep writing.
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
