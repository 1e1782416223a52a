# SPDX-License-Identifier: MIT
"""The test suites of other tracers, profilers and of psutil, with and without the library.

usage: suites.py [library], or the library in PT_LIBRARY. SUITES names the suites, by
default all, SUITES_PYTHONS the interpreters, SUITES_TESTS files or tests of them,
SUITES_MODES the ways to trace ("user", "all"), SUITES_TIMEOUT seconds for one run.

What is needed comes by pip, into SUITES_FOLDER, where it stays: ~/.cache/libpytrace/suites.
A test whose outcome differs is repeated with and without the library. One that ends in the
same way once is told as flaky.
"""

import fnmatch
import glob
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "e2e")]

import interpreters

FOLDER = os.environ.get("SUITES_FOLDER") or os.path.expanduser("~/.cache/libpytrace/suites")
TIMEOUT = float(os.environ.get("SUITES_TIMEOUT", 1800))
REPETITIONS = 2
MAX_TRACE = 256 << 20
MAX_SHOWN = 5

# How the library traces, each with the variables that it has.
MODES = {"user": {}, "all": {"PYTRACE_INCLUDE": "@all", "PYTRACE_EVENTS": "all"}}


class Suite:
    """A package that brings its tests along."""

    def __init__(self, name, tests, needs, prepare=(), hide=(), options=(), env=None):
        self.name = name
        self.tests = tests
        self.needs = needs
        self.prepare = prepare  # commands for Python; where one fails, so do its tests
        self.hide = hide        # folders that would be imported in place of the package
        self.options = options
        self.env = env or {}


SUITES = [
    Suite("line_profiler", ["tests"], ["pytest", "ubelt", "xdoctest", "ipython", "setuptools>=80"],
          hide=["line_profiler"],
          # They compile packages, which has nothing to do with tracing.
          options=["--ignore=tests/test_cython.py"]),
    Suite("coverage", ["tests"],
          ["pytest", "pytest-xdist", "flaky", "hypothesis", "setuptools>=80", "greenlet"],
          prepare=[["tools/igor.py", "zip_mods"]], hide=["coverage"],
          options=["-n", "2"], env={"COVERAGE_CORE": "ctrace"}),
    Suite("hunter", ["tests"],
          ["pytest", "pytest-benchmark", "manhole", "process-tests", "setuptools>=80", "cython",
           "aspectlib", "six", "py", "ipdb"],
          prepare=[["tests/setup.py", "-q", "build_ext", "--force", "--inplace"]],
          options=["--ignore=src"],
          env={"PYTHONPATH": "tests", "PYTHONUNBUFFERED": "yes"}),
    Suite("pyinstrument", ["test"],
          ["pytest", "flaky", "trio", "greenlet", "pytest-asyncio", "ipython", "flask"],
          hide=["pyinstrument"]),
    Suite("psutil", ["tests"], ["pytest", "pytest-instafail", "pytest-xdist", "setuptools>=80"],
          hide=["psutil"],
          # It takes long, and looks at the memory of C functions.
          options=["--ignore=tests/test_memleaks.py", "-o", "verbosity_subtests=auto"]),
]

# What must differ: the suite, the test (a pattern), why.
KNOWN = []


class Unavailable(Exception):
    """A suite is not available."""


def quietly(command, **more):
    """Runs a command. Returns whether it went well, and the end of what it printed."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace", **more)
    return result.returncode == 0, result.stdout.strip().splitlines()[-3:]


def need(command, what, **more):
    is_good, end = quietly(command, env=interpreters.clean_environment(), **more)
    if not is_good:
        raise Unavailable("%s: %s" % (what, " / ".join(end)))


def fetch(suite, python):
    """Returns the path of the package's sources."""
    sources = os.path.join(FOLDER, "sources")
    found = glob.glob(os.path.join(sources, suite.name + "-[0-9]*.tar.gz"))
    if not found:
        need([python, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", suite.name,
              "--dest", sources, suite.name], "no sources")
        found = glob.glob(os.path.join(sources, suite.name + "-[0-9]*.tar.gz"))
    if not found:
        raise Unavailable("no sources")
    return found[0]


def unpack(source, place):
    """Puts what is in the archive, below its one folder, into PLACE."""
    with tarfile.open(source) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(place + ".new")
    os.rename(os.path.join(place + ".new", os.listdir(place + ".new")[0]), place)
    os.rmdir(place + ".new")


def set_up(suite, interpreter):
    """Returns a Python that has the package, and the folder of its tests."""
    place = os.path.join(FOLDER, "%d.%d" % interpreter.version[:2] + (
        "-shared" if interpreter.shared else "-static"), suite.name)
    python = os.path.join(place, "venv", "bin", "python")
    tree = os.path.join(place, "tree")
    ready = os.path.join(place, "ready")
    if os.path.exists(ready):
        return python, tree
    shutil.rmtree(place, ignore_errors=True)
    need([interpreter.executable, "-m", "venv", os.path.join(place, "venv")], "no venv")
    source = fetch(suite, python)
    version = os.path.basename(source)[len(suite.name) + 1:-len(".tar.gz")]
    need([python, "-m", "pip", "install", "-q", "%s==%s" % (suite.name, version)] +
         suite.needs, "not installed")
    unpack(source, tree)
    for each in suite.hide:
        shutil.rmtree(os.path.join(tree, each), ignore_errors=True)
    for each in suite.prepare:
        quietly([python] + each, env=interpreters.clean_environment(), cwd=tree)
    with open(ready, "w", encoding="utf-8"):
        pass
    return python, tree


def read_outcomes(path):
    outcomes = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                word, _, name = line.rstrip("\n").partition(" ")
                outcomes[name] = "no-end" if word == "start" else word
    return outcomes


def keep_small(path, end):
    """Empties the trace now and then: it is appended to, so that this disturbs nobody."""
    while not end.wait(0.5):
        for each in glob.glob(path + "*"):
            if os.path.isfile(each) and os.path.getsize(each) > MAX_TRACE:
                os.truncate(each, 0)


def wait_for(process):
    """Waits for a suite, and ends everything that it started when time is up."""
    try:
        return process.wait(TIMEOUT)
    except subprocess.TimeoutExpired:
        return "timeout"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def run_suite(suite, python, tree, mode, library, tests):
    """Runs tests of a suite. Returns their outcomes, the status, and what was printed."""
    with tempfile.TemporaryDirectory(prefix="pytrace-suites-") as folder:
        report, trace = os.path.join(folder, "report"), os.path.join(folder, "trace")
        environment = interpreters.clean_environment(TMPDIR=folder, **suite.env)
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        if mode:
            environment.update(MODES[mode], LD_PRELOAD=library, PYTRACE_OUTPUT=trace)
        command = [python, os.path.join(HERE, "suites_run.py"), report, "-q",
                   "-o", "cache_dir=" + os.path.join(folder, "cache")]
        command += list(suite.options) + list(tests)
        end = threading.Event()
        keeper = threading.Thread(target=keep_small, args=(trace, end))
        keeper.start()
        try:
            with tempfile.TemporaryFile() as output:
                process = subprocess.Popen(command, cwd=tree, env=environment,
                                           stdin=subprocess.DEVNULL, stdout=output,
                                           stderr=subprocess.STDOUT, start_new_session=True)
                status = wait_for(process)
                output.seek(0)
                text = output.read().decode("utf-8", "replace")
        finally:
            end.set()
            keeper.join()
        return read_outcomes(report), status, text


def difference(plain, traced):
    """The tests whose outcomes differ: name to the sets of both."""
    return {name: ({plain.get(name, "not-run")}, {traced.get(name, "not-run")})
            for name in set(plain) | set(traced) if plain.get(name) != traced.get(name)}


def known_reason(suite, name):
    for each, pattern, reason in KNOWN:
        if each == suite.name and fnmatch.fnmatch(name, pattern):
            return reason
    return None


def details(text, name):
    """The end of what pytest printed of a test."""
    head = name.rpartition("::")[2].partition("[")[0]
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("____") and head in line]
    if not starts:
        return lines[-10:]
    rest = lines[starts[0] + 1:]
    ends = [i for i, line in enumerate(rest) if line.startswith("____")]
    return rest[:ends[0] if ends else None][-25:]


def compare(suite, python, tree, mode, library, tests, plain):
    """Returns the lines to report, and whether all is well."""
    outcomes, status, text = run_suite(suite, python, tree, mode, library, tests)
    pairs = difference(plain[0], outcomes)
    for _ in range(REPETITIONS):
        chosen = sorted(name for name, (without, within) in pairs.items()
                        if "::" in name and not without & within)
        if not chosen:
            break
        again = run_suite(suite, python, tree, None, library, chosen)[0]
        last, _, text = run_suite(suite, python, tree, mode, library, chosen)
        for name in chosen:
            pairs[name][0].add(again.get(name, "not-run"))
            pairs[name][1].add(last.get(name, "not-run"))
    lines, is_good, shown = [], True, 0
    for name, (without, within) in sorted(pairs.items()):
        told = "%s: %s, with the library %s" % (
            name, "/".join(sorted(without)), "/".join(sorted(within)))
        if without & within:
            lines.append("flaky: " + told)
        elif known_reason(suite, name):
            lines.append("known: %s (%s)" % (told, known_reason(suite, name)))
        else:
            is_good = False
            lines.append(told)
            shown += 1
            if shown <= MAX_SHOWN:
                lines += ["    " + line for line in details(text, name)]
    if status != plain[1] and not pairs:
        is_good = False
        lines.append("status %s, with the library %s" % (plain[1], status))
        lines += ["    " + line for line in text.splitlines()[-15:]]
    return lines, is_good


def choose_interpreters():
    patterns = os.environ.get("SUITES_PYTHONS", "3.11*-static 3.13*-shared").split()
    paths = [each for each in patterns if "/" in each]
    os.environ["PT_PYTHONS"] = os.pathsep.join(paths)
    found, _ = interpreters.find()
    real = {os.path.realpath(path) for path in paths}
    return [each for each in found if os.path.realpath(each.executable) in real or
            any(fnmatch.fnmatch(str(each), pattern) for pattern in patterns)]


def perform(suite, interpreter, modes, library):
    """Yields for each mode: whether all is well, the title, the lines to report."""
    title = "%s %s" % (interpreter, suite.name)
    try:
        python, tree = set_up(suite, interpreter)
    except Unavailable as reason:
        for mode in modes:
            yield True, "%s %s # SKIP %s" % (title, mode, reason), []
        return
    tests = os.environ.get("SUITES_TESTS", "").split() or suite.tests
    plain = run_suite(suite, python, tree, None, library, tests)
    for mode in modes:
        try:
            lines, is_good = compare(suite, python, tree, mode, library, tests, plain)
        except Exception:
            lines, is_good = traceback.format_exc().splitlines(), False
        counts = "%d tests" % len(plain[0])
        if not plain[0] or plain[1] not in (0, 1):
            lines, is_good = plain[2].splitlines()[-15:], False
        yield is_good, "%s %s: %s" % (title, mode, counts), lines


def main():
    library = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ["PT_LIBRARY"])
    names = os.environ.get("SUITES", "").split()
    suites = [each for each in SUITES if not names or each.name in names]
    modes = os.environ.get("SUITES_MODES", "user all").split()
    chosen = choose_interpreters()
    count = len(suites) * len(modes) * len(chosen)
    print("1..%d%s" % (count, "" if count else " # SKIP nothing to run"), flush=True)
    number, is_all_good = 0, True
    for interpreter in chosen:
        for suite in suites:
            for is_good, title, lines in perform(suite, interpreter, modes, library):
                number += 1
                print("%s %d - %s" % ("ok" if is_good else "not ok", number, title))
                for line in lines:
                    print("# " + line)
                sys.stdout.flush()
                is_all_good = is_all_good and is_good
    return 0 if is_all_good else 1


if __name__ == "__main__":
    sys.exit(main())
