# SPDX-License-Identifier: MIT
"""Nothing is lost, and nothing of the program's is touched: children, death, descriptors."""

import os
import re
import resource
import shutil
import signal
import subprocess

from interpreters import clean_environment
from run import Failure, Library, Skip, expect_equal, expect_same_lines, run
from ways import Folder

PREFIX = re.compile(r"\[(\d+)(?: [^]]*)?\] ")

# Leaves the number of each line that it runs in a file, and then ends in some way.
LOOP = """\
import os, signal, sys
log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def spin(count):
    for number in range(count):
        os.write(log, b"5 %d\\n" % number)
        os.write(log, b"6 %d\\n" % number)
spin(int(sys.argv[1]))
"""


# What the first process of a run finds in PYTRACE_RUN where the test says which run it is,
# and what a later one does, which has a Python above it.
RUN = "1.1:0:0:0:0:0"
LATER = "1.1:1:0:0:0:0"


def start(folder, interpreter, library, *arguments, **settings):
    """Starts a program with the trace in the file "trace" of the folder."""
    settings.setdefault("PYTRACE_OUTPUT", "trace")
    settings.setdefault("PYTRACE_RUN", RUN)
    environment = clean_environment(LD_PRELOAD=library.preload, **settings)
    return subprocess.Popen([interpreter.executable] + list(arguments), cwd=folder.path,
                            env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(process):
    """Returns status, output and errors of a program, and makes sure that it ends."""
    try:
        out, err = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Failure("the program does not end")
    return process.returncode, out.decode(), err.decode()


def finish(folder, interpreter, library, *arguments, **settings):
    return wait_for(start(folder, interpreter, library, *arguments, **settings))


def read_lines(folder, name="trace"):
    with open(os.path.join(folder.path, name), encoding="utf-8") as file:
        return file.read().splitlines()


def staged_files(folder):
    return sorted(name for name in os.listdir(folder.path) if name.endswith(".staged"))


def recover(folder, interpreter, library):
    """Lets the next process of a run put in its place what a dead one has left."""
    finish(folder, interpreter, library, "-c", "pass", PYTRACE_RUN=LATER)
    expect_equal("staging files", staged_files(folder), [])
    return read_lines(folder)


def line_numbers(lines, file):
    """The numbers of the lines of a file, in order."""
    pattern = re.compile(r"(?:\[[^]]*\] )?%s:(\d+) +[^<>!+ ]" % re.escape(file))
    return [int(found.group(1)) for found in map(pattern.match, lines) if found]


def expect_whole_loop(lines, log):
    """The trace has every line of the log, and at most one more."""
    ran = [int(line.split()[0]) for line in log]
    traced = [number for number in line_numbers(lines, "loop.py") if number in (5, 6)]
    if traced[:len(ran)] != ran or len(traced) > len(ran) + 1:
        raise Failure("the program ran %d lines, the trace has %d: %s ... %s" % (
            len(ran), len(traced), ran[-3:], traced[-3:]))


KILLING_PARENT = """\
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "loop.py", "100000000"])
while not os.path.exists("log") or os.path.getsize("log") < 50000:
    time.sleep(0.001)
child.kill()
print(child.wait())
"""


def check_killed_child(interpreter, library):
    """The traced parent puts in place what a killed child has left, once."""
    with Folder(loop=LOOP, parent=KILLING_PARENT) as folder:
        status, out, err = finish(folder, interpreter, library, "parent.py",
                                  PYTRACE_EVENTS="line")
        expect_equal("result", (status, out, err), (0, "-9\n", ""))
        lines = read_lines(folder)
        expect_whole_loop(lines, read_lines(folder, "log"))
        expect_equal("staging files", staged_files(folder), [])
        if not any(line.endswith("+++ killed by signal 9") for line in lines):
            raise Failure("no last line of the child in %s" % lines[-5:])


# Somebody else is at the child's staging file when it dies, and lets go of it or not.
BUSY_PARENT = """\
import fcntl, glob, os, signal, sys
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
os.waitpid(child, os.WUNTRACED)
name = glob.glob("*.%d-*.staged" % child)[0]
staged = os.open(name, os.O_RDONLY)
fcntl.flock(staged, fcntl.LOCK_EX)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
print(child, os.path.exists(name))
if sys.argv[1] == "lets_go":
    os.close(staged)
"""


def check_busy_staging_file(interpreter, library):
    """What cannot be put in place at once is when the parent ends, or a line names it."""
    with Folder(parent=BUSY_PARENT) as folder:
        status, out, err = finish(folder, interpreter, library, "parent.py", "lets_go")
        pid = out.split()[0]
        expect_equal("result", (status, out, err), (0, pid + " True\n", ""))
        expect_equal("staging files", staged_files(folder), [])
        ends = [line for line in read_lines(folder) if line.startswith("[%s] " % pid)]
        if len(ends) < 2 or "+++ killed by signal 9" not in ends[-1]:
            raise Failure("lines of the child are %s" % ends)
    with Folder(parent=BUSY_PARENT) as folder:
        status, out, err = finish(folder, interpreter, library, "parent.py", "stays")
        pid = out.split()[0]
        expect_equal("result", (status, out, err), (
            0, pid + " True\n", "libpytrace: cannot put lines in place that process %s, which "
            "was killed, may have left in *.%s-*.staged\n" % (pid, pid)))
        expect_equal("staging files", len(staged_files(folder)), 1)


# The output takes no more when the process ends in a hurry.
FULL_AT_EXIT = """\
import os, resource
size = os.path.getsize("trace")
resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
os._exit(3)
"""


def check_loss_by_exit(interpreter, library):
    """What could not be written is told where the process ends by os._exit, too."""
    with Folder(main=FULL_AT_EXIT) as folder:
        status, _, err = finish(folder, interpreter, library, "main.py")
        expect_equal("status", status, 3)
        if not re.fullmatch(r"libpytrace: cannot write the trace; events lost: 0; "
                            r"\d+ wait in \*\.\d+-\*\.staged\n", err):
            raise Failure("stderr is %r" % err)


def check_first_process(interpreter, library):
    """The first process of a container survives the signals that it sends to itself."""
    namespace = ["unshare", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if not shutil.which("unshare") or run(namespace + ["true"]).status:
        raise Skip("no namespaces")
    program = "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n"
    with Folder(main=program) as folder:
        result = run(namespace + [interpreter.executable, "main.py"], cwd=folder.path,
                     library=library)
        expect_equal("result", (result.status, result.stderr), (0, b""))
        expect_equal("end", [end.split(":")[0] for end in result.ends], ["exited with 0"])


# Leaves, for each line with "leave", the number of the line and of the process.
WORK = """\
import os
import sys

log = os.open("ran", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def leave():
    os.write(log, b"%d %d\\n" % (os.getpid(), sys._getframe(1).f_lineno))

def work(number):
    leave()
    if number % 3 == 0:
        leave()
    for _ in range(number % 5):
        leave()
    return number * number
"""

POOL = """\
import multiprocessing
import sys
import work

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(4) as pool:
        print(sum(pool.map(work.work, range(200))))
        pool.close()
        pool.join()
"""


def group(pairs):
    """Lists of values by key."""
    groups = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def traced_work(lines, text):
    """For each process the numbers of the lines that it ran with that text, in order."""
    pattern = re.compile(r"\[(\d+)(?: [^]]*)?\] \S+:(\d+) +%s$" % re.escape(text))
    return group((int(found.group(1)), int(found.group(2)))
                 for found in map(pattern.match, lines) if found)


def expect_work(folder, lines):
    """The trace of each process has what the process did, and no line is torn."""
    ran = group(tuple(map(int, line.split())) for line in read_lines(folder, "ran"))
    expect_equal("number of lines", sum(map(len, ran.values())), 200 + 67 + 400)
    expect_equal("work", traced_work(lines, "leave()"), ran)
    torn = [line for line in lines
            if not re.match(r"(\[\d+( [^]]*)?\] )?(\S+:\d+( |$)|\+\+\+ )", line)]
    expect_equal("torn lines", torn, [])


def check_pools(interpreter, library):
    """The traces of a pool's workers are, together, what the workers did."""
    for method in ("fork", "spawn", "forkserver"):
        with Folder(main=POOL, work=WORK) as folder:
            result = finish(folder, interpreter, library, "main.py", method)
            expect_equal("result of " + method, result, (0, "2646700\n", ""))
            expect_work(folder, recover(folder, interpreter, library))


CHILDREN = """\
import os, subprocess, sys
child = [sys.executable, "child.py"]
subprocess.check_call(child + ["check_call"])
subprocess.check_call(child + ["closed"], close_fds=True)
subprocess.check_call(child + ["session"], start_new_session=True)
subprocess.check_call("exec %s child.py shell" % sys.executable, shell=True)
os.system("%s child.py system" % sys.executable)
os.waitpid(os.posix_spawn(sys.executable, child + ["posix_spawn"], os.environ), 0)
os.waitpid(os.posix_spawnp(sys.executable, child + ["posix_spawnp"], os.environ), 0)
os.spawnv(os.P_WAIT, sys.executable, child + ["spawnv"])
subprocess.check_call(child + ["preexec"], preexec_fn=os.getpid)
subprocess.check_call(["env", "A=1"] + child + ["env"])
"""

CHILD = "import sys\nprint(sys.argv[1], flush=True)\n"


def check_children(interpreter, library):
    """Children are traced, however they were started."""
    with Folder(main=CHILDREN, child=CHILD) as folder:
        status, out, err = finish(folder, interpreter, library, "main.py")
        expect_equal("status and stderr", (status, err), (0, ""))
        lines = read_lines(folder)
        traced = traced_work(lines, "print(sys.argv[1], flush=True)")
        expect_equal("traced children of %s" % out.split(), len(traced), len(out.split()))
        expect_equal("staging files", staged_files(folder), [])


ORDER = """\
import os, subprocess, sys
child = [sys.executable, "child.py", "x"]
os.waitpid(os.posix_spawn(sys.executable, child, os.environ), 0)
os.waitpid(os.posix_spawnp(sys.executable, child, os.environ), 0)
os.spawnv(os.P_WAIT, sys.executable, child)
subprocess.check_call(child, preexec_fn=os.getpid)
os.system(" ".join(child))
"""


def check_order(interpreter, library):
    """What came before a child was started stands before what it does."""
    with Folder(main=ORDER, child=CHILD) as folder:
        finish(folder, interpreter, library, "main.py", PYTRACE_EVENTS="line")
        places = [PREFIX.sub("", line).split(" ")[0] for line in read_lines(folder)]
        expected = ["main.py:%d" % line for line in range(1, 3)]
        for line in range(3, 8):
            expected += ["main.py:%d" % line, "child.py:1", "child.py:2", "+++"]
        expect_same_lines("order", places, expected + ["+++"])


def check_under_a_shell(interpreter, library):
    """Siblings below a parent that is not Python do not overwrite one another."""
    with Folder(child=CHILD) as folder:
        os.utime(folder.write("trace", "old\n"), (1000000000, 1000000000))
        script = "%s child.py one; (%s child.py two)" % ((interpreter.executable,) * 2)
        environment = clean_environment(LD_PRELOAD=library.preload, PYTRACE_OUTPUT="trace")
        subprocess.run(["sh", "-c", script], cwd=folder.path, env=environment, check=True,
                       stdout=subprocess.DEVNULL)
        lines = read_lines(folder)
        if "old" in lines:
            raise Failure("the old file was not replaced")
        expect_equal("runs", line_numbers(lines, "child.py").count(2), 2)


def check_follow(interpreter, library):
    """PYTRACE_FOLLOW chooses which children are traced."""
    parent = "import os, subprocess, sys\n" \
             "if os.fork() == 0:\n    forked = 1\n    os._exit(0)\nos.wait()\n" \
             "subprocess.check_call([sys.executable, 'child.py', 'x'], env=%s)\n"
    expected = [("all", "None", (1, 1)), ("fork", "None", (1, 0)), ("none", "None", (0, 0)),
                ("all", "{}", (1, 0)), ("force", "{}", (1, 1))]
    for follow, environment, counts in expected:
        if follow == "force" and library.before:
            continue  # a sanitizer's library is not put back
        with Folder(parent=parent % environment, child=CHILD) as folder:
            result = finish(folder, interpreter, library, "parent.py", PYTRACE_FOLLOW=follow)
            expect_equal("result", result, (0, "x\n", ""))
            lines = read_lines(folder)
            actual = (line_numbers(lines, "parent.py").count(3),
                      line_numbers(lines, "child.py").count(2))
            expect_equal("%s with env=%s" % (follow, environment), actual, counts)


CROWDED = """\
import os, subprocess, sys, threading
child = [sys.executable, "child.py", "x"]
crowd = {"A%06d" % number: "" for number in range(%d)}
def size():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
def work():
    subprocess.check_call(child, env=crowd)
    os.waitpid(os.posix_spawn(sys.executable, child, crowd), 0)
    before = size()
    for number in range(20):
        subprocess.check_call(["/bin/true"], env=crowd)
        try:
            os.execve("/nonexistent", child, crowd)
        except FileNotFoundError:
            pass
    print((size() - before) >> 22, flush=True)
threading.stack_size(256 << 10)
thread = threading.Thread(target=work)
thread.start()
thread.join()
os.execve(sys.executable, child, crowd)
"""


def check_crowded_environment(interpreter, library):
    """The library is put back into an environment that is larger than a thread's stack."""
    if library.before:
        raise Skip("a sanitizer's library is not put back")
    for count in (1200, 60000):
        with Folder(main=CROWDED.replace("%d)}", "%d)}" % count), child=CHILD) as folder:
            result = finish(folder, interpreter, library, "main.py", PYTRACE_FOLLOW="force")
            expect_equal("result", result, (0, "x\nx\n0\nx\n", ""))
            numbers = line_numbers(read_lines(folder), "child.py")
            expect_equal("traced children", numbers.count(2), 3)


ELSEWHERE = """\
import os, subprocess, sys
os.chdir("/")
subprocess.check_call([sys.executable, os.path.join(sys.path[0], "child.py"), "x"])
"""


def check_relative_preload(interpreter, library):
    """Children that start in another directory still find the library."""
    with Folder(main=ELSEWHERE, child=CHILD) as folder:
        os.symlink(library.path, os.path.join(folder.path, "library.so"))
        relative = Library("./library.so", library.before)
        result = finish(folder, interpreter, relative, os.path.join(folder.path, "main.py"))
        expect_equal("result", result, (0, "x\n", ""))
        traced = traced_work(read_lines(folder), "print(sys.argv[1], flush=True)")
        expect_equal("lines of the child", list(traced.values()), [[2]])


DAEMON = """\
import os, sys, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.closerange(0, 65536)
for number in range(3):
    os.open("/dev/null", os.O_RDWR)
os.mkdir("done")
"""


def check_daemon(interpreter, library):
    """A daemon that closes every descriptor is traced to its end."""
    with Folder(main=DAEMON) as folder:
        process = start(folder, interpreter, library, "main.py")
        wait_for(process)
        for _ in range(2000):
            if os.path.exists(os.path.join(folder.path, "done")) and not staged_files(folder):
                break
            signal.sigtimedwait([], 0.01)
        lines = read_lines(folder)
        # Its parent may well end after it.
        daemon = PREFIX.match(next(line for line in lines if "closerange" in line)).group(1)
        own = [line for line in lines if line.startswith("[%s" % daemon)]
        expect_equal("lines", line_numbers(own, "main.py"), [7, 8, 9, 8, 9, 8, 9, 8, 10])


ROUGH = """\
import os, sys
os.closerange(3, 4096)
files = [os.open("file%d" % n, os.O_RDWR | os.O_CREAT) for n in range(600)]
for fd in files:
    os.write(fd, b"mine")
for number in range(3000):
    number += 1
other = os.open("other", os.O_RDWR | os.O_CREAT)
for number in range(512, 520):
    os.dup2(other, number)
for number in range(3000):
    number += 2
"""


def check_descriptors(interpreter, library):
    """Closing all descriptors, or taking our number, loses nothing and disturbs nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 1200:
        raise Skip("too few descriptors are allowed")
    with Folder(main=ROUGH) as folder:
        result = finish(folder, interpreter, library, "main.py", PYTRACE_EVENTS="line")
        expect_equal("result", result, (0, "", ""))
        numbers = line_numbers(read_lines(folder), "main.py")
        expect_equal("lines", (numbers.count(7), numbers.count(12)), (3000, 3000))
        for number in range(600):
            expect_equal("file", read_lines(folder, "file%d" % number), ["mine"])
        expect_equal("file", read_lines(folder, "other"), [])


BUSY = """\
import subprocess, threading
is_over = False
counts = []
def step(number):
    return number + 1
def spin():
    count = 0
    while not is_over:
        step(count)
        count += 1
    counts.append((threading.get_native_id(), count))
threads = [threading.Thread(target=spin) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(5):
    subprocess.check_call(["/bin/true"])
is_over = True
for thread in threads:
    thread.join()
for thread, count in counts:
    print(thread, count)
"""


def check_busy_threads(interpreter, library):
    """Threads lose and repeat no line while another one starts processes."""
    with Folder(main=BUSY) as folder:
        status, out, err = finish(folder, interpreter, library, "main.py",
                                  PYTRACE_EVENTS="line")
        expect_equal("status and stderr", (status, err), (0, ""))
        expected = {number: int(count) for number, count in map(str.split, out.splitlines())}
        actual = dict.fromkeys(expected, 0)
        for line in read_lines(folder):
            found = re.match(r"\[\d+ (\d+)[^]]*\] main.py:5 +return number \+ 1$", line)
            if found:
                actual[found.group(1)] += 1
        expect_equal("steps of the threads", actual, expected)


def limited(limit, value):
    return lambda: resource.setrlimit(limit, (value, value))


def check_limits(interpreter, library):
    """With few descriptors, or a limit on file sizes, the program runs as usual."""
    program = "total = 0\nfor number in range(5000):\n    total += number\nprint(total)\n"
    with Folder(main=program) as folder:
        environment = clean_environment(LD_PRELOAD=library.preload, PYTRACE_OUTPUT="trace")
        for limit, value in ((resource.RLIMIT_NOFILE, 8), (resource.RLIMIT_FSIZE, 100000)):
            done = subprocess.run([interpreter.executable, "main.py"], cwd=folder.path,
                                  env=environment, capture_output=True,
                                  preexec_fn=limited(limit, value))
            expect_equal("result", (done.returncode, done.stdout), (0, b"12497500\n"))
            messages = done.stderr.decode().splitlines()
            if limit == resource.RLIMIT_NOFILE:
                expect_equal("stderr", messages, [])
            elif (len(messages) != 2 or "no staging file beside " not in messages[0] or
                  "File too large; events lost: " not in messages[1]):
                raise Failure("stderr is %s" % messages)


def check_full_disk(interpreter, library):
    """A full output, or a reader that is gone, gives one line on stderr."""
    program = "import sys\nfor number in range(2000):\n    pass\nprint(number)\nsys.exit(7)\n"
    with Folder(main=program) as folder:
        status, out, err = finish(folder, interpreter, library, "main.py",
                                  PYTRACE_OUTPUT="/dev/full")
        expect_equal("result", (status, out), (7, "1999\n"))
        if not re.match(r"libpytrace: cannot write the trace: No space left on device; "
                        r"events lost: \d+\n$", err):
            raise Failure("stderr is %r" % err)
        reader, writer = os.pipe()
        os.close(reader)
        environment = clean_environment(LD_PRELOAD=library.preload,
                                        PYTRACE_OUTPUT="fd:%d" % writer)
        done = subprocess.run([interpreter.executable, "main.py"], cwd=folder.path,
                              env=environment, capture_output=True, pass_fds=[writer],
                              preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))
        os.close(writer)
        expect_equal("result", (done.returncode, done.stdout), (7, b"1999\n"))
        if not re.match(rb"libpytrace: cannot write the trace: Broken pipe;", done.stderr):
            raise Failure("stderr is %r" % done.stderr)


EVENTS_LEFT = """\
import sys
def step():
    return 1
for number in range(1000):
    step()
tools = [tool for tool in range(6) if sys.monitoring.get_tool(tool) == "libpytrace"]
print(tools != [], sum(sys.monitoring.get_events(tool) for tool in tools))
"""


def check_reader_gone(interpreter, library):
    """Once nobody reads the trace, the interpreter is no longer watched."""
    if not interpreter.has_monitoring:
        raise Skip("no sys.monitoring")
    reader, writer = os.pipe()
    os.close(reader)
    with Folder(main=EVENTS_LEFT) as folder:
        environment = clean_environment(LD_PRELOAD=library.preload,
                                        PYTRACE_OUTPUT="fd:%d" % writer)
        done = subprocess.run([interpreter.executable, "main.py"], cwd=folder.path,
                              env=environment, capture_output=True, pass_fds=[writer])
    os.close(writer)
    expect_equal("result", (done.returncode, done.stdout), (0, b"True 0\n"))


# Runs the rest of the command line with the trace on a small disk, and brings it back.
ON_SMALL_DISK = """\
size=$1
shift
mkdir -p small && mount -t tmpfs -o "size=$size" none small || exit 99
PYTRACE_OUTPUT=$PWD/small/trace LD_PRELOAD=$PRELOAD "$@"
status=$?
cat small/trace >trace
exit $status
"""


def check_small_disk(interpreter, library):
    """The disk gets full: the program runs on, and one line says what is missing."""
    program = "import sys\nfor number in range(20000):\n    pass\nprint(number)\nsys.exit(7)\n"
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", ON_SMALL_DISK, "sh"]
    environment = clean_environment(PRELOAD=library.preload, PYTRACE_EVENTS="line")
    # The staging file does not fit; it does; the trace nearly does, too.
    for size in ("64k", "512k", "1m"):
        with Folder(main=program) as folder:
            if run(command + [size, "true"], cwd=folder.path).status:
                raise Skip("no file system can be mounted")
            done = subprocess.run(command + [size, interpreter.executable, "main.py"],
                                  cwd=folder.path, env=environment, capture_output=True)
            expect_equal("result with " + size, (done.returncode, done.stdout),
                         (7, b"19999\n"))
            found = re.match(rb"(?:libpytrace: no staging file beside .*\n)?"
                             rb"libpytrace: cannot write the trace: No space left on device; "
                             rb"events lost: (\d+)(; \d+ wait in .*)?\n$", done.stderr)
            if not found or found.group(1) == b"0":
                raise Failure("stderr is %r" % done.stderr)
            numbers = line_numbers(read_lines(folder)[:-1], "main.py")
            expect_equal("lines", numbers, ([1] + [2, 3] * 20000)[:len(numbers)])
            if len(numbers) < 1000:
                raise Failure("only %d lines were written" % len(numbers))


def unpack(folder, name):
    done = subprocess.run(["zstdcat", os.path.join(folder.path, name)], capture_output=True)
    expect_equal("zstdcat's complaints", done.stderr, b"")
    return done.stdout.decode().splitlines()


def check_compressed(interpreter, library):
    """A name in .zst is a file that zstdcat reads at any time, one for each process."""
    if not shutil.which("zstdcat"):
        raise Skip("no zstdcat")
    with Folder(main=CHILDREN, child=CHILD) as folder:
        status, _, err = finish(folder, interpreter, library, "main.py",
                                PYTRACE_OUTPUT="trace.zst")
        expect_equal("status and stderr", (status, err), (0, ""))
        names = [name for name in os.listdir(folder.path) if name.startswith("trace.")]
        runs = [line_numbers(unpack(folder, name), "child.py").count(2) for name in names]
        expect_equal("traced children", sorted(runs), [0] + [1] * 10)
    with Folder(loop=LOOP, parent=KILLING_PARENT) as folder:
        finish(folder, interpreter, library, "parent.py", PYTRACE_EVENTS="line",
               PYTRACE_OUTPUT="trace.zst")
        names = [name for name in os.listdir(folder.path) if name.endswith(".zst")]
        lines = [line for name in names for line in unpack(folder, name)]
        expect_whole_loop(lines, read_lines(folder, "log"))
        expect_equal("staging files", staged_files(folder), [])


def check_own_files(interpreter, library):
    """A format without pids gets a file for each process."""
    with Folder(main=CHILDREN, child=CHILD) as folder:
        finish(folder, interpreter, library, "main.py", PYTRACE_OUTPUT="trace.txt",
               PYTRACE_FORMAT="trace")
        names = [name for name in os.listdir(folder.path)
                 if re.match(r"trace(\.\d+)?\.txt$", name)]
        texts = ["\n".join(read_lines(folder, name)) for name in names]
        expect_equal("files", len(texts), 11)
        expect_equal("children", sum(text.count("child.py(2)") for text in texts), 10)


CHECKS = [
    check_reader_gone,
    check_compressed, check_own_files, check_killed_child, check_first_process, check_pools,
    check_children, check_order, check_under_a_shell, check_follow, check_crowded_environment,
    check_relative_preload,
    check_daemon, check_busy_threads, check_descriptors, check_limits, check_full_disk,
    check_small_disk, check_busy_staging_file, check_loss_by_exit,
]
