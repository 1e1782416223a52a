# SPDX-License-Identifier: MIT
"""Where the trace goes, whatever the program does to its streams and files."""

import os
import re
import signal
import subprocess
import time

import packages
from interpreters import clean_environment
from processes import finish, read_lines, staged_files, start, wait_for
from run import Failure, expect_equal
from ways import Folder

README = os.path.join(os.path.dirname(__file__), "..", "..", "README.md")

SUITE = """\
import os, subprocess, sys

def add(a, b):
    return a + b

def test_descriptors(capfd):
    os.write(2, b"hello\\n")
    print("out")
    assert add(1, 2) == 3
    assert tuple(capfd.readouterr()) == ("out\\n", "hello\\n")

def test_streams(capsys):
    print(add(3, 4), file=sys.stderr)
    assert capsys.readouterr().err == "7\\n"

def test_child():
    done = subprocess.run([sys.executable, "child.py"], capture_output=True)
    assert (done.stdout, done.stderr) == (b"child\\n", b"")
"""


PYTEST = """\
#!%s
import sys
import pytest
sys.exit(pytest.main())
"""


def readme_command(library):
    """The command in README that shows a trace of pytest on the terminal."""
    with open(README, encoding="utf-8") as file:
        found = re.search(r"^    (LD_PRELOAD=(\$PWD/libpytrace.so) pytest)$", file.read(), re.M)
    if not found:
        raise Failure("README has no line for pytest")
    command, preload = found.groups()
    return command.replace(preload, "'%s'" % library.preload) if library.before else command


def check_pytest_on_stderr(interpreter, library):
    """pytest captures descriptor 2: every traced line goes to the original stderr."""
    environment = clean_environment(PYTEST_ADDOPTS="-q -p no:cacheprovider",
                                    **packages.find(interpreter, "pytest"))
    with Folder(test_it=SUITE, child="print('child')\n") as folder:
        path = os.path.join(folder.path, "bin")
        os.mkdir(path)
        with open(os.path.join(path, "pytest"), "w", encoding="utf-8") as file:
            file.write(PYTEST % interpreter.executable)
        os.chmod(file.name, 0o755)
        os.symlink(library.path, os.path.join(folder.path, "libpytrace.so"))
        environment["PATH"] = path + os.pathsep + environment["PATH"]
        done = subprocess.run(["sh", "-c", readme_command(library)], cwd=folder.path,
                              env=environment, capture_output=True)
        if done.returncode or b"3 passed" not in done.stdout:
            raise Failure("pytest says %r" % done.stdout)
    lines = done.stderr.decode().splitlines()
    for text, count in (("return a + b", 2), ("print('child')", 1)):
        expect_equal(text, sum(line.endswith(" " + text) for line in lines), count)
    # What a process says that it traced is here.
    ends = [re.match(r"(\[\d+\] )?\+\+\+ exited with 0: (\d+) events, 0 lost", line)
            for line in lines]
    events = sum(int(end.group(2)) for end in ends if end)
    expect_equal("number of lines", len(lines) - 2, events)


REDIRECTED = """\
import os, sys
number = int(sys.argv[1])
def step():
    return 1
step()
os.close(number)
own = os.open("own", os.O_WRONLY | os.O_CREAT)
os.dup2(own, number)
step()
os.write(number, b"mine")
"""


def check_stream_is_reused(interpreter, library):
    """A descriptor that the program closes and uses for a file of its own is that file."""
    for name, number in (("stderr", 2), ("stdout", 1), ("fd:7", 7)):
        with Folder(main=REDIRECTED) as folder:
            command = "exec %s main.py %d %d>trace" % (interpreter.executable, number, number)
            environment = clean_environment(LD_PRELOAD=library.preload, PYTRACE_OUTPUT=name)
            subprocess.run(["bash", "-c", command], cwd=folder.path, env=environment,
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            expect_equal("the program's file", read_lines(folder, "own"), ["mine"])
            traced = [line for line in read_lines(folder) if line.endswith("return 1")]
            expect_equal("lines to " + name, len(traced), 2)


def check_job(interpreter, library):
    """The Pythons of a job share one trace, and the next job begins a new one."""
    script = "{0} child.py; {0} child.py & {0} child.py & wait\n".format(interpreter.executable)
    folders = [None, "/dev/shm"]
    for shell in ("sh", "bash"):
        for parent in folders:
            with Folder(child="print(1)\n") as folder:
                output = os.path.join(parent or folder.path, "pytrace-job-%d" % os.getpid())
                environment = clean_environment(LD_PRELOAD=library.preload,
                                                PYTRACE_OUTPUT=output, PYTRACE_EVENTS="line")
                try:
                    for _ in range(3):
                        subprocess.run([shell, "-c", script], cwd=folder.path, check=True,
                                       env=environment, stdout=subprocess.DEVNULL)
                        with open(output, encoding="utf-8") as file:
                            lines = file.read().splitlines()
                        expect_equal("lines", sum("print(1)" in line for line in lines), 3)
                        expect_equal("ends", sum("+++" in line for line in lines), 3)
                finally:
                    os.unlink(output)


def check_company(interpreter, library):
    """The pid comes when a second process writes, not when any is started."""
    program = "import subprocess, sys\nsubprocess.check_call(sys.argv[1:])\none = 1\n"
    with Folder(main=program, child="two = 2\n") as folder:
        for child, prefix in ((["/bin/true"], ""), ([interpreter.executable, "child.py"], "[")):
            finish(folder, interpreter, library, "main.py", *child, PYTRACE_EVENTS="line",
                   PYTRACE_RUN="")
            lines = read_lines(folder)
            first = next(line for line in lines if "main.py" in line)
            expect_equal("first line", first[0], "m")
            last, = [line for line in lines if line.endswith("one = 1")]
            expect_equal("last line of %s" % child, last[:len(prefix)] + last[0],
                         prefix + (prefix or "m"))


def check_old_trace_is_kept(interpreter, library):
    """What a killed run left is kept beside the next trace."""
    with Folder(other="after = 1\n") as folder:
        environment = clean_environment(LD_PRELOAD=library.preload, PYTRACE_OUTPUT="trace",
                                        PYTRACE_EVENTS="line")
        killed = subprocess.Popen(
            [interpreter.executable, "-c", "import time\nkilled = 1\ntime.sleep(60)\n"],
            cwd=folder.path, env=environment)
        while not staged_files(folder) or b"killed" not in open(
                os.path.join(folder.path, staged_files(folder)[0]), "rb").read():
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        subprocess.run([interpreter.executable, "other.py"], cwd=folder.path, env=environment,
                       check=True)
        expect_equal("staging files", staged_files(folder), [])
        expect_equal("old trace", [line.split()[1] for line in read_lines(folder, "trace.old")],
                     ["import", "killed", "time.sleep(60)"])
        expect_equal("trace", read_lines(folder)[0].split()[1:], ["after", "=", "1"])


SLOW = """\
import sys, time
one = 1
time.sleep(1.2)
two = 2
print("ready", flush=True)
sys.stdin.read()
"""


def check_slow_program(interpreter, library):
    """A line that has waited for a second is in the file with the next event."""
    with Folder(main=SLOW) as folder:
        environment = clean_environment(LD_PRELOAD=library.preload, PYTRACE_OUTPUT="trace")
        process = subprocess.Popen([interpreter.executable, "main.py"], cwd=folder.path,
                                   env=environment, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        process.stdout.readline()
        lines = read_lines(folder)
        process.communicate()
        if not any(line.endswith("time.sleep(1.2)") for line in lines):
            raise Failure("the file has %s" % lines)


CUTTING = """\
import os
def step(number):
    return number
for number in range(1000):
    step(number)
for name in os.listdir("."):
    if not name.endswith(".py"):
        open(name, "w").close()
for name in os.listdir("."):
    if not name.endswith(".py"):
        os.truncate(name, 0)
for number in range(1000):
    step(number)
print("end")
"""


def check_files_are_cut(interpreter, library):
    """A program that empties all files of its directory lives, and its trace continues."""
    with Folder(main=CUTTING) as folder:
        result = finish(folder, interpreter, library, "main.py")
        expect_equal("result", result, (0, "end\n", ""))
        traced = [line for line in read_lines(folder) if line.endswith("return number")]
        expect_equal("lines", len(traced), 1000)


def check_mode(interpreter, library):
    """Traces get the permissions of the umask, or those asked for."""
    with Folder(main="import os, sys\nos.umask(0o77)\n") as folder:
        saved = os.umask(0o027)
        try:
            for mode, expected in (("", 0o640), ("0600", 0o600), ("0666", 0o666)):
                name = "trace" + mode
                finish(folder, interpreter, library, "main.py", PYTRACE_MODE=mode,
                       PYTRACE_OUTPUT=name)
                status = os.stat(os.path.join(folder.path, name))
                expect_equal("mode", oct(status.st_mode & 0o777), oct(expected))
        finally:
            os.umask(saved)


def check_exec(interpreter, library):
    """A process that becomes another program says so; one that fails to does not."""
    program = "import os\ntry:\n    os.execv('/nonexistent', ['x'])\nexcept OSError:\n" \
              "    os.execv('/bin/true', ['true'])\n"
    with Folder(main=program) as folder:
        finish(folder, interpreter, library, "main.py", PYTRACE_EVENTS="line")
        lines = read_lines(folder)
        expect_equal("end", [line for line in lines if "+++" in line],
                     ["+++ exec /bin/true: %d events, 0 lost" % (len(lines) - 1)])


def check_lost_reader_of_fifo(interpreter, library):
    """A FIFO whose reader has left blocks nobody, not even children."""
    program = "import subprocess, sys\nfor number in range(3):\n    subprocess.check_call([" \
              "sys.executable, 'child.py'])\nprint('end')\n"
    with Folder(main=program, child="one = 1\n") as folder:
        os.mkfifo(os.path.join(folder.path, "fifo"))
        process = start(folder, interpreter, library, "main.py", PYTRACE_OUTPUT="fifo")
        with open(os.path.join(folder.path, "fifo"), encoding="utf-8") as reader:
            reader.readline()
        status, out, err = wait_for(process)
        expect_equal("result", (status, out), (0, "end\n"))
        strange = [line for line in err.splitlines() if not line.startswith("libpytrace: ")]
        expect_equal("stderr", strange, [])


def check_long_line(interpreter, library):
    """A line that is longer than a staging file is whole, and counted."""
    text = "x = '%s'" % ("y" * 400000)
    with Folder(main="one = 1\n%s\ntwo = 2\n" % text) as folder:
        finish(folder, interpreter, library, "main.py", PYTRACE_EVENTS="line")
        lines = read_lines(folder)
        expect_equal("numbers", [line.split(" ")[0] for line in lines[:3]],
                     ["main.py:1", "main.py:2", "main.py:3"])
        expect_equal("long line is whole", lines[1].endswith(text), True)
        expect_equal("end", lines[3:], ["+++ exited with 0: 3 events, 0 lost"])


def check_truncated_zstd(interpreter, library):
    """A compressed trace that somebody has emptied is readable from there on."""
    program = "import os\nfor number in range(20000):\n    pass\n%s\n" \
              "for number in range(20000):\n    number += 1\n"
    for action in ("os.truncate('trace.zst', 0)", "os.unlink('trace.zst')"):
        with Folder(main=program % action) as folder:
            finish(folder, interpreter, library, "main.py", PYTRACE_OUTPUT="trace.zst",
                   PYTRACE_EVENTS="line")
            done = subprocess.run(["zstd", "-dc", "trace.zst"], cwd=folder.path,
                                  capture_output=True)
            expect_equal("zstd's status", done.returncode, 0)
            count = done.stdout.count(b"number += 1\n")
            expect_equal("lines", count, 20000)


CHECKS = [
    check_pytest_on_stderr, check_stream_is_reused, check_job, check_company,
    check_old_trace_is_kept, check_slow_program, check_files_are_cut, check_mode, check_exec,
    check_lost_reader_of_fifo, check_long_line, check_truncated_zstd,
]
