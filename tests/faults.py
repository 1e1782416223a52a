#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets calls of libc fail, one after the other, and prints TAP.

    faults.py [PATTERN ...]

tests/faults.c makes them fail where the library calls them. For each function, error and kind
of output there are three tests, over many calls of the function:

    guest       the program's output and status are as ever, and stderr has only messages
    accounting  lines that are not there are told as lost, or a message says "at least"
    killed      the lines of a child that is killed are there, or a message says something

FAULTS=short takes few calls, outputs and interpreters, FAULTS=full all calls. FAULTS_PYTHONS
names interpreters.
"""

import collections
import concurrent.futures
import errno
import fnmatch
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "e2e"))

import interpreters

# Children that end in some ways, threads, calls from C, exceptions, imports, encodings.
PROGRAM = """\
import os
import signal
import sys
import threading
import latin
sys.path.insert(0, "zipped.zip")
import zipped

def work(number):
    total = 0
    for each in range(number):
        total += each
    return total

def generate(number):
    yield number

def fail(number):
    raise ValueError(number)

def start(function):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        function()
        sys.stdout.flush()
        os._exit(3)
    return child

def wait_to_be_killed():
    os.write(pipe[1], b"x") and signal.pause()

try:
    import ctypes
    back = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: work(10))
except ImportError:
    def back():
        return work(10)

print(work(3000), latin.name(), zipped.name(), list(generate(1)))
try:
    fail("no")
except ValueError as error:
    print("caught", error)
threads = [threading.Thread(target=back) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("child", os.waitpid(start(lambda: print(work(4))), 0)[1])
pipe = os.pipe()
child = start(wait_to_be_killed)
with open(os.environ["FAULTS_KILLED"], "w") as file:
    file.write(str(child))
os.read(pipe[0], 1)
os.kill(child, signal.SIGKILL)
print("child", os.waitpid(child, 0)[1])
try:
    os.execve("/nonexistent", ["x"], {})
except OSError as error:
    print("exec", error.errno)
print(work(5))
sys.exit(5)
"""

LATIN = "# coding: latin-1\ndef name():\n    return '\u00e9'.isalpha()\n"
ZIPPED = "def name():\n    return 'zipped'\n"

# Where the trace goes, in a folder of its own for each run.
OUTPUTS = {"file": "%s/trace", "zst": "%s/trace.zst", "folder": "%s/new/", "stderr": "stderr",
           "link": "%s/link", "record": "%s/trace.pytrace"}

# The short form tries these with its first interpreter, and with the next one.
SHORT_OUTPUTS = (("zst", "stderr", "record"), ("file", "stderr", "record"))

# What functions fail with, if not for lack of memory; 0: with half of what was asked for.
ERRORS = {
    "access": ["EACCES"], "clock_gettime": ["EINVAL"], "close": ["EIO"],
    "fallocate": ["ENOSPC", "EOPNOTSUPP"], "fchmod": ["EPERM"],
    "fcntl": ["EMFILE", "ENOLCK", "EAGAIN"], "fgetxattr": ["EIO", "ENOTSUP"],
    "fsetxattr": ["ENOSPC", "ENOTSUP"], "fstatat": ["EIO"], "futimens": ["EPERM"],
    "flock": ["ENOLCK"], "fstat": ["EIO"], "fstatfs": ["EIO"], "ftruncate": ["EIO"],
    "getcwd": ["ENOMEM", "ENOENT"], "gethostname": ["ENAMETOOLONG"],
    "iconv_open": ["EINVAL", "ENOMEM"], "kill": ["EPERM"],
    "linkat": ["EPERM", "EEXIST"], "localtime_r": ["EOVERFLOW"],
    "lseek": ["ESPIPE"], "lstat": ["EACCES"], "mkdir": ["EACCES"],
    "mmap": ["ENOMEM"], "open": ["EMFILE", "EACCES", "ENOSPC"], "openat": ["EMFILE", "EACCES"],
    "posix_fallocate": ["ENOSPC", "EINTR"], "pread": ["EIO", "EINTR", "0"],
    "pthread_key_create": ["EAGAIN"], "pwrite": ["ENOSPC", "EINTR", "0"],
    "pwritev2": ["EIO", "EOPNOTSUPP", "EINTR", "EAGAIN", "0"],
    "read": ["EIO", "EINTR", "0"], "readlinkat": ["EACCES"],
    "realpath": ["ENOMEM", "EACCES"], "rename": ["EACCES"], "stat": ["EACCES"],
    "syscall": ["EIO"], "unlink": ["EACCES"], "unlinkat": ["EACCES"],
    "write": ["ENOSPC", "EIO", "EINTR", "EAGAIN", "0"],
}

# By these a trace on stderr is written, and the first one is that of messages, too.
STREAM_WRITES = ("write", "pwritev2")

# What nobody gets again and again: calls are repeated until it is over.
PASSING = ("EINTR", "EAGAIN")

# Functions that the library calls and that cannot fail, or not in a way that counts.
HARMLESS = set("""
    _ITM_deregisterTMCloneTable _ITM_registerTMCloneTable __ctype_b_loc __ctype_tolower_loc
    __cxa_finalize __environ __errno_location __gmon_start__ __isoc99_sscanf
    __register_atfork __tls_get_addr closedir dl_iterate_phdr dladdr dlclose environ free
    getpgrp getpid getppid iconv iconv_close isatty memchr memcmp memcpy memmem memmove
    memrchr memset munmap poll pthread_mutex_lock pthread_mutex_unlock pthread_self
    pthread_sigmask readdir sched_yield sigaction sigaddset sigemptyset sigismember
    sigpending sigtimedwait snprintf stpcpy strcasecmp strchr strcmp strcpy strcspn strerror
    strftime strlen strncmp strpbrk strrchr strsep strspn strstr strtol syscall sysconf time
    fremovexattr getrandom mremap readlink strncpy vsnprintf __stack_chk_fail geteuid getuid umask dlvsym getsid nanosleep strnlen
    """.split())

MESSAGE = "libpytrace: "

# Messages that excuse lines which nobody counts, and those that count them.
EXCUSE = re.compile(r".*(at least one|not tracing$|tracing stops$)")
LOSS = re.compile(r".*; events lost: (\d+)(?:; (\d+) wait in .*)?$")

# What is said where the lines of a killed process may not be there.
KILLED_EXCUSE = re.compile(r".*(at least one|not tracing$|tracing stops$|events lost: |no staging file|"
                           r"events are lost|may have left in )")

LINE = re.compile(r"(?:\[(\d+)[^]]*\] )?(?:\S.*:\d+( |$)|(\+\+\+) |(# libpytrace: ))")
END = re.compile(r"(?:\[\d+\] )?\+\+\+ .*: (\d+) events, (\d+) lost$")

TIMEOUT = 60

Fault = collections.namedtuple("Fault", "function error call always")


class Result:
    """What a run of the program has left."""

    def __init__(self, process, out, err, texts, problems):
        self.pid = process.pid
        self.killed = None
        self.status = process.returncode
        self.out = out
        self.err = err.decode("utf-8", "replace").splitlines()
        self.texts = texts  # (pid of the process that has it for itself or None, text)
        self.problems = problems

    @property
    def messages(self):
        return [line for line in self.err if line.startswith(MESSAGE)]

    @property
    def losses(self):
        """How many lines messages say are lost, and how many wait in staging files."""
        found = [LOSS.match(line).groups("0") for line in self.messages if LOSS.match(line)]
        return (sum(int(lost) for lost, _ in found), sum(int(waiting) for _, waiting in found))

    def has(self, excuse):
        return any(excuse.match(line) for line in self.messages)


class Setting:
    """An interpreter, an output, and the program in a folder."""

    def __init__(self, interpreter, output, folder, faults, library):
        self.interpreter = interpreter
        self.output = output
        self.folder = folder
        self.preload = "%s %s" % (faults, library)

    def __str__(self):
        return "%s %s" % (self.interpreter, self.output)

    def run(self, preload=None, **faults):
        """Runs the program, with the trace in a folder of its own."""
        with tempfile.TemporaryDirectory(prefix="run-", dir=self.folder) as folder:
            os.symlink("trace", os.path.join(folder, "link"))
            environment = interpreters.clean_environment(
                PYTHONDONTWRITEBYTECODE="1", PYTRACE_FOLLOW="force",
                LD_PRELOAD=self.preload if preload is None else preload,
                PYTRACE_OUTPUT=OUTPUTS[self.output].replace("%s", folder),
                FAULTS_KILLED=os.path.join(folder, "killed"), **faults)
            process = subprocess.Popen(
                [self.interpreter.executable, "main.py"], cwd=self.folder, env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True)
            problems = []
            try:
                out, err = process.communicate(timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                out, err = process.communicate()
                problems.append("no end after %d s" % TIMEOUT)
            result = Result(process, out, err, read_traces(folder, problems), problems)
            try:
                with open(os.path.join(folder, "killed"), encoding="ascii") as file:
                    result.killed = int(file.read())
            except OSError as error:
                problems.append(str(error))
            return result


def show(path, problems):
    """What the command prints of a recording, if there is one."""
    command = os.environ.get("PT_COMMAND", "pytrace")
    done = subprocess.run([os.path.abspath(command), "show", "--full", path],
                          capture_output=True)
    if done.returncode and b"nothing has been recorded" not in done.stderr and \
            b"is empty" not in done.stderr:
        problems.append("show: %d, %s" % (done.returncode, done.stderr.decode()))
    return done.stdout


def read_traces(folder, problems):
    """The text of each trace in a folder."""
    texts = []
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if name.endswith(".staged") or name == "killed" or os.path.islink(path):
                continue
            pid = re.search(r"\.(\d+)(\.|$)", name)
            if name.endswith(".zst"):
                done = subprocess.run(["zstd", "-dcq", path], capture_output=True)
                text = done.stdout
                if done.returncode and os.path.getsize(path):
                    problems.append("%s: %s" % (name, done.stderr.decode().strip()))
            elif name.endswith(".pytrace"):
                text = show(path, problems)
            else:
                with open(path, "rb") as file:
                    text = file.read()
            texts.append((int(pid.group(1)) if pid else None, text.decode("utf-8", "replace")))
    return texts


def expect_guest(result, plain, output):
    """What is wrong with the program's own results."""
    found = list(result.problems)
    if result.status != plain.status:
        found.append("status %d" % result.status)
    if result.out != plain.out:
        found.append("stdout %r" % result.out)
    is_trace = output == "stderr"
    for line in result.err:
        if not line.startswith(MESSAGE) and not (is_trace and LINE.match(line)):
            found.append("stderr: %s" % line[:200])
        # So it is documented of outputs that cannot be opened.
        is_trace = is_trace or line.endswith("; tracing to stderr")
    return found


class Count:
    """The lines of a process, and what its last line says: numbers, or None."""

    def __init__(self):
        self.lines = 0
        self.events = None
        self.lost = None
        self.is_killed = False

    def add(self, line, is_event):
        end = END.match(line)
        if end:
            self.events, self.lost = map(int, end.groups())
        self.lines += is_event


def count_lines(result):
    """A Count for each process. Files that are private to a process have one each."""
    texts = [(pid, text.splitlines()) for pid, text in result.texts]
    texts.append((None, [line for line in result.err if not line.startswith(MESSAGE)]))
    counts = collections.defaultdict(Count)
    for number, (owner, lines) in enumerate(texts):
        for line in lines:
            match = LINE.match(line)
            if match:
                pid = int(match.group(1)) if match.group(1) else owner or result.pid
                counts[number, pid].add(line, not (match.group(3) or match.group(4)))
                counts[number, pid].is_killed = pid == result.killed
    return list(counts.values())


def expect_accounts(result, reference):
    """What is wrong with the numbers that the last lines tell."""
    if result.has(EXCUSE):
        return []
    counts = [count for count in count_lines(result) if not count.is_killed]
    found = ["%d lines of %d events, %d lost" % (count.lines, count.events, count.lost)
             for count in counts
             if count.events is not None and count.lines != count.events - count.lost]
    there = sum(count.lines for count in counts)
    lost, waiting = result.losses
    lost += sum(count.lost or 0 for count in counts)
    expected = sum(count.lines for count in count_lines(reference) if not count.is_killed)
    # What waited may have been put in place by the next process.
    if not there + lost <= expected <= there + lost + waiting:
        found.append("%d lines, %d lost and %d waiting of %d" % (there, lost, waiting, expected))
    return found


def expect_killed(result, reference):
    """What is wrong with the lines of the killed child."""
    there, expected = (sum(count.lines for count in count_lines(each) if count.is_killed)
                       for each in (result, reference))
    if result.has(KILLED_EXCUSE) or there == expected:
        return []
    return ["%d lines of %d, without a word" % (there, expected)]


def read_counts(path, names):
    with open(path, "rb") as file:
        return dict(zip(names, struct.unpack("%dQ" % len(names), file.read())))


def sample(count, size):
    """Numbers from 1 to COUNT: all, or SIZE of them, more of the first ones."""
    if count <= size:
        return list(range(1, count + 1))
    first = size // 2
    rest = [first + (count - first) * (i + 1) // (size - first) for i in range(size - first)]
    return list(range(1, first + 1)) + rest


def plan(counts, size, output):
    """The faults to try, in groups: each is a test."""
    groups = {}
    for function, count in counts.items():
        for error in ERRORS.get(function, ["ENOMEM"]):
            for always in (False, True):
                if always and error in PASSING:
                    continue
                # Several processes would mix their lines.
                if function in STREAM_WRITES and error == "0" and output == "stderr":
                    continue
                name = "%s %s %s" % (function, error if error != "0" else "short",
                                     "for good" if always else "once")
                groups[name] = [Fault(function, error, call, always)
                                for call in sample(count, size)]
    return groups


def try_fault(setting, fault):
    spared = "-1" if setting.output == "stderr" else "2"
    number = 0 if fault.error == "0" else getattr(errno, fault.error)
    return setting.run(FAULTS_FUNCTION=fault.function, FAULTS_AT=str(fault.call),
                       FAULTS_ERROR=str(number), FAULTS_ALWAYS=str(int(fault.always)),
                       FAULTS_SPARED=spared)


class Report:
    """The tests so far."""

    def __init__(self, patterns):
        self.patterns = patterns
        self.number = 0
        self.failed = 0

    def wants(self, name):
        return any(fnmatch.fnmatch(name, pattern) for pattern in self.patterns)

    def add(self, name, problems):
        self.number += 1
        self.failed += bool(problems)
        print("%s %d - faults %s" % ("not ok" if problems else "ok", self.number, name))
        for line in problems[:12]:
            print("# " + line)
        sys.stdout.flush()


def check_setting(setting, names, size, report, pool):
    plain = setting.run("")
    path = os.path.join(setting.folder, "counts")
    with open(path, "wb") as file:
        file.truncate(8 * len(names))
    reference = setting.run(FAULTS_COUNTS=path)
    problems = expect_guest(reference, plain, setting.output)
    report.add("%s without any" % setting, problems + expect_accounts(reference, reference))
    jobs = []
    for name, faults in plan(
            read_counts(path, names), size, setting.output).items():
        name = "%s %s" % (setting, name)
        if faults and report.wants(name):
            jobs.append((name, [(fault, pool.submit(try_fault, setting, fault))
                                for fault in faults]))
    for name, faults in jobs:
        guest, accounting, killed = [], [], []
        for fault, future in faults:
            result = future.result()
            where = "call %d: " % fault.call
            # What a full pipe took of a line before the error cannot be taken back.
            is_torn = setting.output == "stderr" and fault.function == "write"
            guest += [where + line for line in expect_guest(result, plain, setting.output)
                      if not (is_torn and line.startswith("stderr: "))]
            # Nobody can be told anything; and lines that a stream does not take for now are
            # in memory alone, as README says.
            if not (setting.output == "stderr" and fault.function in STREAM_WRITES):
                accounting += [where + line for line in expect_accounts(result, reference)]
                killed += [where + line for line in expect_killed(result, reference)]
        report.add("guest: %s (%d)" % (name, len(faults)), guest)
        report.add("accounting: %s (%d)" % (name, len(faults)), accounting)
        report.add("killed: %s (%d)" % (name, len(faults)), killed)


def check_names(names, library, report):
    """A function that is new in the library has to be in one of the lists."""
    symbols = subprocess.run(["nm", "-D", "--undefined-only", library], capture_output=True,
                             text=True, check=True).stdout
    called = {line.split()[-1].split("@")[0] for line in symbols.splitlines()}
    report.add("functions", ["%s is in no list" % name
                             for name in sorted(called - HARMLESS - set(names))])


def write_program(folder):
    with open(os.path.join(folder, "main.py"), "w", encoding="utf-8") as file:
        file.write(PROGRAM)
    with open(os.path.join(folder, "latin.py"), "w", encoding="latin-1") as file:
        file.write(LATIN)
    with zipfile.ZipFile(os.path.join(folder, "zipped.zip"), "w") as archive:
        archive.writestr("zipped.py", ZIPPED, zipfile.ZIP_DEFLATED)


def choose(found, is_short):
    """The interpreters to try, unless FAULTS_PYTHONS names them: some of each backend."""
    patterns = os.environ.get("FAULTS_PYTHONS", "").split()
    if patterns:
        return [each for each in found
                if any(fnmatch.fnmatch(str(each), pattern) for pattern in patterns)]
    found = [each for each in found if not each.free_threaded]
    older = [each for each in found if not each.has_monitoring]
    newer = [each for each in found if each.has_monitoring]
    chosen = older[-1:] + newer[-1:] if is_short else older[:1] + older[-1:] + newer[-1:]
    return [each for each in found if each in chosen]


def main():
    library = os.path.abspath(os.environ.get("PT_LIBRARY", "lib/.libs/libpytrace.so"))
    faults = os.path.abspath(os.environ.get("PT_FAULTS", "tests/.libs/faults.so"))
    extent = os.environ.get("FAULTS", "")
    is_short = extent == "short"
    found = choose(interpreters.find()[0], is_short)
    if not found:
        print("1..0 # SKIP no interpreter")
        return 0
    if re.search("address|thread", os.environ.get("PT_SANITIZERS", "")):
        print("1..0 # SKIP a sanitizer has its own allocation")
        return 0
    outputs = [name for name in OUTPUTS if name != "zst" or shutil.which("zstd")]
    size = {"short": 2, "full": sys.maxsize}.get(extent, 12)
    with open(os.path.join(HERE, "faults.c"), encoding="utf-8") as source:
        names = re.findall(r"^\tX\((\w+)\)", source.read(), re.M)
    report = Report(sys.argv[1:] or os.environ.get("PT_PATTERNS", "").split() or ["*"])
    check_names(names, library, report)
    jobs = int(os.environ.get("PT_JOBS", 0)) or os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="pytrace-faults-") as folder, \
            concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        folder = os.path.realpath(folder)
        write_program(folder)
        for number, interpreter in enumerate(found):
            for output in SHORT_OUTPUTS[number % 2] if is_short else outputs:
                if output not in outputs:
                    continue
                check_setting(Setting(interpreter, output, folder, faults, library), names,
                              size, report, pool)
    print("1..%d" % report.number)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
