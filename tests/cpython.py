#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs CPython's own tests with and without the library, and prints TAP: what differs.

    cpython.py LIBRARY

Variables: CPYTHON_PYTHONS, patterns of versions ("3.8* 3.14*") or paths; CPYTHON_TESTS, the
test files, or "short" for a list that ends in minutes, on the oldest, a middle and the newest
version that has test files; CPYTHON_TIMEOUT, seconds for a file; CPYTHON_JOBS, how many files
at a time; CPYTHON_LINES=1 traces lines alone, to /dev/null.

A test whose outcome differs is repeated, with and without, before it is reported; then with a
tracer in Python, of sys.monitoring on 3.12 and later and of sys.settrace before: what that
changes, too, is known. The trace of everything is written to a file that is emptied as it grows.
"""

import concurrent.futures
import fnmatch
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "e2e"))

import case
import interpreters

DEFAULT = """test_sys_settrace test_monitoring test_threading test_subprocess test_os
    test_multiprocessing_fork test_concurrent_futures test_asyncio test_generators
    test_coroutines test_exceptions test_import test_runpy test_pdb test_trace test_bdb
    test_signal test_fork1 test_posix test_gc test_code test_dis""".split()

SHORT = """test_sys_settrace test_monitoring test_threading test_os test_generators
    test_coroutines test_exceptions test_import test_runpy test_pdb test_trace test_bdb
    test_fork1 test_posix test_gc test_code test_dis""".split()

# Differences that README names among the limits: versions, pattern of the test, why.
KNOWN = [
    ("3.8-", "*.test_pass_fds_redirected", "a traced child lists its own descriptors: the "
     "output's, which it does not inherit, is among them"),
    ("3.8-3.9", "*.test_pdb_issue_20766", "pdb.set_trace() again in the same frame: that it "
     "stops at the call is for want of a trace function before"),
    ("3.14-", "*.test_vfork_used_when_expected", "CPython skips it where LD_PRELOAD is set"),
]

# What a tracer written in Python changes, too.
STAND_IN = "any tracer does that"

MAX_TRACE = 512 << 20

REPETITIONS = 2

# Of how many tests in a file the end is shown that they met with.
MAX_SHOWN = 5


class Run:
    """What became of a test file: the outcome of each test, and of the process."""

    def __init__(self, outcomes, status, output):
        self.outcomes = outcomes
        self.status = status
        self.output = output


def read_outcomes(path):
    """The outcomes that cpython_run.py left; a test that never ended is "no end"."""
    outcomes = {}
    if not os.path.exists(path):
        return outcomes
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            outcome, _, name = line.rstrip("\n").partition(" ")
            worse = outcomes.get(name) in ("failure", "error")
            if outcome == "start":
                outcomes[name] = "no-end"
            elif not worse:
                outcomes[name] = outcome
    return outcomes


def keep_small(path, end):
    """Empties the trace now and then: it is appended to, so that this disturbs nobody."""
    while not end.wait(0.5):
        if os.path.exists(path) and os.path.getsize(path) > MAX_TRACE:
            os.truncate(path, 0)


def wait_for(process, timeout):
    """Waits for a test file, and ends everything that it started when time is up."""
    try:
        status = process.wait(timeout)
    except subprocess.TimeoutExpired:
        status = "timeout"
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    return status


def run_file(interpreter, name, library, chosen=(), **more):
    """Runs a test file, or the chosen tests in it; with a library, under it."""
    timeout = float(os.environ.get("CPYTHON_TIMEOUT", 900))
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="pytrace-cpython-", dir=parent) as folder:
        report, trace = os.path.join(folder, "report"), os.path.join(folder, "trace")
        work = os.path.join(folder, "work")
        os.mkdir(work)
        environment = interpreters.clean_environment(TMPDIR=work, **more)
        del environment["PYTHONDONTWRITEBYTECODE"]
        environment["PYTHONPYCACHEPREFIX"] = os.path.join(folder, "cache")
        if library:
            environment.update(LD_PRELOAD=library, PYTRACE_INCLUDE="@all",
                               PYTRACE_EVENTS="all", PYTRACE_OUTPUT=trace)
            if os.environ.get("CPYTHON_LINES"):
                environment.update(PYTRACE_EVENTS="line", PYTRACE_OUTPUT="/dev/null")
        command = [interpreter.executable, os.path.join(HERE, "cpython_run.py"), name, report]
        end = threading.Event()
        keeper = threading.Thread(target=keep_small, args=(trace, end))
        keeper.start()
        try:
            with tempfile.TemporaryFile() as output:
                process = subprocess.Popen(
                    command + sorted(chosen), cwd=work, env=environment, stdout=output,
                    stdin=subprocess.DEVNULL, stderr=output, start_new_session=True)
                status = wait_for(process, timeout)
                output.seek(0)
                text = output.read().decode("utf-8", "replace")
        finally:
            end.set()
            keeper.join()
        return Run(read_outcomes(report), status, text)


def difference(plain, traced):
    """The tests whose outcomes differ: name to the pair."""
    names = set(plain.outcomes) | set(traced.outcomes)
    pairs = {name: (plain.outcomes.get(name, "not-run"), traced.outcomes.get(name, "not-run"))
             for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def known_reason(interpreter, name):
    for versions, pattern, reason in KNOWN:
        if case.in_range(interpreter.version[:2], versions) and \
                fnmatch.fnmatch(name, pattern):
            return reason
    return None


def details(run, name):
    """The end of what unittest printed of a test, or else of all."""
    head = name.split(" ")[0].rpartition(".")[2]
    parts = run.output.split("=" * 70)
    for part in parts[1:]:
        if head in part[:300]:
            return part.strip().splitlines()[:25]
    return run.output.splitlines()[-15:]


def run_chosen(interpreter, name, library, chosen, before, **more):
    """Runs the chosen tests in a file; those that ended the process before, each alone."""
    deadly = {each for each in chosen if before.outcomes.get(each) == "no-end"}
    whole = Run({}, 0, "")
    for group in [chosen - deadly] + [{each} for each in sorted(deadly)]:
        if group:
            part = run_file(interpreter, name, library, group, **more)
            whole.outcomes.update(part.outcomes)
            whole.output += part.output
    return whole


def lasting(pairs):
    """The tests that had no outcome in common so far."""
    return {each for each, (without, within) in pairs.items() if not without & within}


def compare(interpreter, name, library):
    """Returns the lines to report, each difference with its end, and a summary."""
    plain = run_file(interpreter, name, None)
    traced = run_file(interpreter, name, library)
    found = difference(plain, traced)
    pairs = {each: [{pair[0]}, {pair[1]}] for each, pair in found.items()}
    last = traced
    for _ in range(REPETITIONS):
        chosen = lasting(pairs)
        again, last = (run_chosen(interpreter, name, preload, chosen, traced)
                       for preload in (None, library))
        for each in chosen:
            pairs[each][0].add(again.outcomes.get(each, "not-run"))
            pairs[each][1].add(last.outcomes.get(each, "not-run"))
    stand_in = run_chosen(interpreter, name, None, lasting(pairs), traced,
                          CPYTHON_STAND_IN="1").outcomes
    lines, failed, shown = [], False, 0
    for each, (without, within) in sorted(pairs.items()):
        text = "%s: %s, with the library %s" % (each, "/".join(sorted(without)),
                                                "/".join(sorted(within)))
        reason = known_reason(interpreter, each)
        if stand_in.get(each) in within:
            reason = STAND_IN
        if without & within and "not-run" in without | within:
            # Another test had ended the process.
            continue
        if without & within:
            lines.append("flaky: " + text)
        elif reason:
            lines.append("known: %s (%s)" % (text, reason))
        else:
            failed = True
            lines.append(text)
            source = last if each in last.outcomes else traced
            shown += 1
            if shown <= MAX_SHOWN:
                lines += ["    " + line for line in details(source, each)]
    if not same_end(plain, traced, found, lasting(pairs)):
        failed = True
        lines.append("status %s, with the library %s" % (plain.status, traced.status))
        lines += ["    " + line for line in traced.output.splitlines()[-25:]]
    return lines, failed, "%d tests" % len(plain.outcomes)


def same_end(plain, traced, found, told):
    """Whether the processes ended alike: another status may come of outcomes that are told."""
    return plain.status == traced.status or (
        found and {plain.status, traced.status} == {0, 1}) or (
        any("no-end" in found[each] for each in told))


def perform(job):
    interpreter, name, library = job
    title = "%s %s" % (interpreter, name)
    try:
        lines, failed, summary = compare(interpreter, name, library)
    except Exception:
        lines, failed, summary = traceback.format_exc().splitlines(), True, ""
    return failed, "%%s - %s: %s\n%s" % (title, summary, "".join(
        "# %s\n" % line.replace("%", "%%") for line in lines))


def find_tests(interpreter, names):
    """Those of the test files that the interpreter has."""
    probe = "import importlib.util, sys\n" \
            "for name in sys.argv[1:]:\n" \
            "    if importlib.util.find_spec('test.' + name): print(name)"
    return subprocess.run([interpreter.executable, "-c", probe] + names, cwd="/",
                          env=interpreters.clean_environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout.split()


def choose_interpreters():
    patterns = os.environ.get("CPYTHON_PYTHONS", "").split()
    paths = [each for each in patterns if "/" in each]
    os.environ["PT_PYTHONS"] = os.pathsep.join(paths)
    found, _ = interpreters.find()
    if not patterns:
        return found
    real = {os.path.realpath(path) for path in paths}
    return [each for each in found if os.path.realpath(each.executable) in real or
            any(fnmatch.fnmatch(str(each), pattern) for pattern in patterns)]


def spread(found):
    """The oldest, one from the middle, and the newest."""
    return sorted({found[0], found[len(found) // 2], found[-1]}, key=found.index) \
        if found else []


def main():
    library = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ["PT_LIBRARY"])
    names = os.environ.get("CPYTHON_TESTS", "").split() or DEFAULT
    is_short = names == ["short"]
    tests = {each: find_tests(each, SHORT if is_short else names)
             for each in choose_interpreters()}
    chosen = [each for each in tests if tests[each]]
    if is_short and not os.environ.get("CPYTHON_PYTHONS"):
        chosen = spread(chosen)
    jobs = [(each, name, library) for each in chosen for name in tests[each]]
    without = ", ".join(str(each) for each in tests if not tests[each])
    reason = "no tests of CPython " + ("with " + without if without else "")
    print("1..%d%s" % (len(jobs), "" if jobs else " # SKIP " + reason), flush=True)
    if jobs and without:
        print("# " + reason, flush=True)
    at_once = int(os.environ.get("CPYTHON_JOBS", 0)) or os.cpu_count() or 1
    is_good = True
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for number, (failed, text) in enumerate(pool.map(perform, jobs), 1):
            result = "not ok %d" if failed else "ok %d"
            print(text % (result % number), end="", flush=True)
            is_good = is_good and not failed
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
