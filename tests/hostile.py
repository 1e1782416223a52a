#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Traces in directories that a stranger can write to. Prints TAP; wants to be root.

A victim runs traced programs there while a stranger, with another uid, plants what may
lead the library astray and moves things about. No byte of the victim's other files may
change, and the victim must not notice. HOSTILE_ROUNDS says how often each test is made (1).
"""

import hashlib
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

STRANGER = 65534
VICTIM = 64999

LIBRARY = os.path.abspath(os.environ.get("PT_LIBRARY", "lib/.libs/libpytrace.so"))
PYTHON = os.environ.get("HOSTILE_PYTHON", "/usr/bin/python3")

TEXT_SIZE = 256 << 10
MAGIC = 0x3265636172747970

PROGRAM = """\
import os, subprocess, sys
def step(number):
    return number + 1
total = 0
for number in range(3000):
    total = step(total)
if os.fork() == 0:
    step(1)
    os._exit(0)
os.wait()
subprocess.check_call([sys.executable, "-c", "one = 1"])
print(total, flush=True)
%s
"""

ENDS = {"orderly": ("", 0), "killed": ("os.kill(os.getpid(), 9)", -9),
        "crash": ("import ctypes; ctypes.string_at(0)", -11)}


class Failure(Exception):
    """What must not happen."""


def become(uid):
    def change():
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    return change


def as_user(uid, function, *arguments):
    """Runs a function in a child with that uid, which must succeed."""
    pid = os.fork()
    if pid == 0:
        try:
            become(uid)()
            function(*arguments)
        except BaseException as error:
            print("# uid %d: %r" % (uid, error), flush=True)
            os._exit(1)
        os._exit(0)
    return pid


def make_journal(process, run, place, writing, flushed, used):
    """The journal of a staging file, see journal.h."""
    pid, boot, namespaces = process
    return struct.pack("<QqQQQ16sQQQQQQQQ", MAGIC, pid, 1, namespaces[0], namespaces[1], boot,
                       run[0], run[1], place[0], place[1], place[2], writing, flushed, used)


def identity(pid):
    """The description of a process of this system, with another pid."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = bytes.fromhex(file.read().strip().replace("-", ""))
    return pid, boot, [os.stat("/proc/self/ns/" + name).st_ino for name in ("pid", "time")]


def staged(output, pid, run, text=b"planted\n", **changes):
    status = os.stat(output) if os.path.exists(output) else None
    facts = {"place": (status.st_dev, status.st_ino, 0) if status else (0, 0, 0),
             "writing": 0, "flushed": 0, "used": len(text)}
    facts.update(changes)
    journal = make_journal(identity(pid), run, **facts)
    return text.ljust(TEXT_SIZE, b"\0") + journal


def plant(folder, targets, run, choice):
    """Leaves staging files of all kinds for the files of the victim."""
    os.chdir(folder)
    os.umask(0)
    dead = [pid for pid in range(2, 30000, 997) if not os.path.exists("/proc/%d" % pid)]
    for target in targets:
        for number, pid in enumerate(choice.sample(dead, 8)):
            name = "%s.%d-%d.staged" % (target, pid, number)
            data = staged(target, pid, run)
            kind = number % 8
            if kind == 1:
                data = data[:choice.choice([0, 1, TEXT_SIZE])]
            elif kind == 2:
                os.mkfifo(name, 0o666)
                continue
            elif kind == 3:
                os.mkdir(name)
                continue
            elif kind == 4:
                os.symlink(choice.choice(targets), name)
                continue
            elif kind == 5:
                data = staged(target, pid, run, place=(os.stat(target).st_dev,
                                                       os.stat(target).st_ino, 0), writing=8)
            elif kind == 6:
                data = staged(target, pid, run, flushed=1 << 40, used=(1 << 32) - 1)
            elif kind == 7 and choice.random() < 0.5:
                try:
                    os.link(target, name)
                    continue
                except OSError:
                    pass
            with open(name, "wb") as file:
                file.write(data)
            os.chmod(name, choice.choice([0o600, 0o666]))


def disturb(folder, secrets, seconds, choice):
    """Moves, links and truncates what may be moved, linked and truncated, for a while."""
    os.chdir(folder)
    os.umask(0)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        names = [name for name in os.listdir(".") if name.startswith(("trace", "run"))]
        if not names:
            time.sleep(0.001)
            continue
        name = choice.choice(names)
        action = choice.randrange(6)
        try:
            if action == 0:
                os.rename(name, name + ".moved")
            elif action == 1:
                os.unlink(name)
                os.symlink(choice.choice(secrets), name)
            elif action == 2:
                os.unlink(name)
                os.link(choice.choice(secrets), name)
            elif action == 3:
                os.rename(name, choice.choice(names))
            elif action == 4:
                os.truncate(name, choice.choice([0, 10]))
            else:
                os.unlink(name)
        except OSError:
            pass
        time.sleep(choice.uniform(0, 0.002))


class Scene:
    """A public directory with files of the victim's, and a home with others."""

    def __init__(self, mode):
        self.mode = mode

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix="pytrace-hostile-")
        os.chmod(self.root, 0o755)
        # Where the victim can read it, wherever the build is.
        self.library = shutil.copy(LIBRARY, self.root)
        os.chmod(self.library, 0o755)
        self.public = os.path.join(self.root, "public")
        self.home = os.path.join(self.root, "home")
        os.mkdir(self.public)
        os.chmod(self.public, self.mode)
        os.mkdir(self.home, 0o755)
        os.chown(self.home, VICTIM, VICTIM)
        self.secrets = []
        for folder, name, mode, size in ((self.public, "script", 0o700, 30),
                                         (self.public, "data", 0o644, 2 << 20),
                                         (self.home, "profile", 0o644, 50),
                                         (self.home, "key", 0o600, 50)):
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write((b"#!/bin/sh\nsecret\n" * size)[:size])
            os.chown(path, VICTIM, VICTIM)
            os.chmod(path, mode)
            self.secrets.append(path)
        self.before = self.hashes()
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def hashes(self):
        found = {}
        for path in self.secrets:
            if os.path.exists(path):
                with open(path, "rb") as file:
                    found[path] = (hashlib.sha256(file.read()).hexdigest(),
                                   oct(os.stat(path).st_mode))
        return found

    def check(self, what):
        for path, value in self.hashes().items():
            if value != self.before[path]:
                raise Failure("%s: %s has changed" % (what, path))

    def run(self, end, output, run_id="", extra=None):
        action, status = ENDS[end]
        environment = {"PATH": os.environ["PATH"], "LD_PRELOAD": self.library, "HOME": self.home,
                       "PYTRACE_OUTPUT": output, "PYTRACE_INCLUDE": "@user"}
        if run_id:
            environment["PYTRACE_RUN"] = run_id
        environment.update(extra or {})
        process = subprocess.Popen([PYTHON, "-c", PROGRAM % action], cwd=self.public,
                                   env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=become(VICTIM))
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failure("the victim hangs")
        if process.returncode != status or out != b"3000\n":
            raise Failure("the victim ends with %d: %r, %r" % (
                process.returncode, out, err[-500:]))
        return err.decode()


def planted_files(scene, choice):
    """Staging files for the victim's files, for a run that the stranger guessed."""
    targets = ["script", "data", "trace.txt", "trace.zst"]
    for name in ("trace.txt", "trace.zst"):
        path = os.path.join(scene.public, name)
        with open(path, "w", encoding="ascii"):
            pass
        os.chown(path, VICTIM, VICTIM)
    wait(as_user(STRANGER, plant, scene.public, targets, (77, 88), choice))
    for end in ENDS:
        for name in ("trace.txt", "trace.zst"):
            scene.run(end, name, "77.88:0:0:0:0:0")
            scene.run("orderly", name, "77.88:1:0:0:0:0")
            scene.check(end)
            with open(os.path.join(scene.public, name), "rb") as file:
                if b"planted" in file.read():
                    raise Failure("what was planted is in the trace")


def planted_outputs(scene, choice):
    """The output itself is a link, a second name or a FIFO that the stranger has made."""
    def make():
        os.chdir(scene.public)
        os.symlink(os.path.join(scene.home, "profile"), "trace1")
        os.symlink("data", "trace2")
        os.symlink("missing", "trace3")
        os.mkfifo("trace4", 0o666)
        os.mkdir("trace5", 0o777)
        with open("trace6", "w", encoding="ascii"):
            os.chmod("trace6", 0o666)
        for name, target in (("trace7", "data"), ("trace8", scene.secrets[2])):
            try:
                os.link(target, name)
            except OSError:
                pass
    del choice
    wait(as_user(STRANGER, make))
    for number in (1, 2, 3, 6, 7, 8):
        scene.run("orderly", "trace%d" % number)
        scene.check("trace%d" % number)
    for number, name in enumerate(("missing", "trace6")):
        path = os.path.join(scene.public, name)
        if os.path.exists(path) and os.path.getsize(path):
            raise Failure("the trace is in a file of the stranger's (%d)" % number)
    scene.run("orderly", "trace4", "77.88:1:0:0:0:0")  # a FIFO keeps no child waiting


def races(scene, choice):
    """The stranger moves and links things while the victim writes and dies."""
    if scene.mode & 0o1000:
        seconds = 3
    else:
        seconds = 6
    pid = as_user(STRANGER, disturb, scene.public, scene.secrets, seconds, choice)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        end = choice.choice(list(ENDS))
        scene.run(end, choice.choice(["trace.txt", "trace.zst", "run.%p.txt"]))
        scene.check(end)
    wait(pid)


def modes(scene, choice):
    """What the victim makes is its own: staging files are private, traces as asked for."""
    del choice
    action = "import os\nfor n in os.listdir('.'):\n    print(n, oct(os.stat(n).st_mode & 0o777))"
    environment = {"PATH": os.environ["PATH"], "LD_PRELOAD": scene.library,
                   "PYTRACE_OUTPUT": "trace.txt", "PYTRACE_MODE": "0640"}
    done = subprocess.run([PYTHON, "-c", action], cwd=scene.public, env=environment,
                          preexec_fn=become(VICTIM), capture_output=True, check=True)
    found = dict(line.rsplit(" ", 1) for line in done.stdout.decode().splitlines())
    private = [mode for name, mode in found.items() if name.endswith(".staged")]
    if private != ["0o600"] or found.get("trace.txt") != "0o640":
        raise Failure("the modes are %s" % found)


def wait(pid):
    if os.waitpid(pid, 0)[1] != 0:
        raise Failure("the stranger failed")


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP only root can be two users")
        return 0
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    rounds = int(os.environ.get("HOSTILE_ROUNDS", 0)) or 1
    tests = [(test, mode) for test in (planted_files, planted_outputs, races, modes)
             for mode in (0o1777, 0o777)]
    print("1..%d" % len(tests), flush=True)
    is_good = True
    for number, (test, mode) in enumerate(tests, 1):
        failure = None
        for each in range(rounds):
            seed = each if rounds == 1 else random.randrange(1 << 30)
            try:
                with Scene(mode) as scene:
                    test(scene, random.Random(seed))
            except Failure as error:
                failure = failure or "%s (round %d, seed %d)" % (error, each, seed)
        is_good = is_good and not failure
        print("%s %d - hostile %s in %o%s" % (
            "not ok" if failure else "ok", number, test.__name__.replace("_", "-"), mode,
            "\n# " + failure if failure else ""), flush=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
