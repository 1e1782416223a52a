#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the unit tests and some cases under valgrind, and prints TAP.

    valgrind.py [PATTERN ...]

Only what valgrind says of our code counts: errors and lost memory with one of our functions
on the stack. The interpreter's own are many. VALGRIND_PYTHONS names interpreters.
"""

import fnmatch
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "e2e"))

import case
import interpreters

# Cases of different kinds: files, threads, forks, exceptions, imports, code that dies.
CASES = ["fork", "threads", "raw_threads", "exceptions", "generators", "imports",
         "generated_code", "exec_self", "bom_crlf", "recursion", "os_exit"]

SUITES = ["util", "settings", "glob", "rules", "source", "zip", "file", "code_table",
          "output", "prefix", "repeats", "pieces", "growth", "zstd", "sink", "stage", "recover", "lineage", "follow", "format"]

VALGRIND = ["valgrind", "--xml=yes", "--leak-check=full", "--errors-for-leak-kinds=definite",
            "--show-leak-kinds=definite", "--num-callers=40", "--trace-children=yes",
            "--fair-sched=yes", "--trace-children-skip=/bin/*,/usr/bin/true"]


# So many innermost functions are looked at: all Python code runs below ours somehow.
NEAR = 8


def is_ours(error):
    """Whether a function of the library, or a test of it, is on a stack of the error."""
    for frame in list(error.iter("frame"))[:NEAR]:
        place = frame.findtext("obj", "")
        # In the place of the interpreter's functions we only call those.
        if frame.findtext("fn", "").startswith("Py"):
            continue
        if os.path.basename(place).startswith(("libpytrace", "check_pytrace")):
            return True
    return False


def describe(error):
    what = error.findtext("what") or error.findtext("xwhat/text")
    lines = ["%s: %s" % (error.findtext("kind"), what)]
    for frame in list(error.iter("frame"))[:12]:
        lines.append("    %s (%s:%s)" % (frame.findtext("fn"), frame.findtext("file"),
                                         frame.findtext("line")))
    return lines


def read_errors(path):
    """The errors of a log that are ours. A killed process leaves half a log."""
    parser = xml.etree.ElementTree.XMLPullParser(["end"])
    found = []
    try:
        with open(path, errors="replace") as log:
            parser.feed(log.read())
        for _, element in parser.read_events():
            if element.tag == "error" and is_ours(element):
                found += describe(element)
    except xml.etree.ElementTree.ParseError:
        pass
    return found


def run(command, environment, folder):
    """Runs a command under valgrind. Returns what is wrong, as lines."""
    with tempfile.TemporaryDirectory(prefix="pytrace-valgrind-") as logs:
        before = ["--xml-file=%s/%%p.xml" % logs]
        done = subprocess.run(VALGRIND + before + command, cwd=folder, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        lines = []
        for name in sorted(os.listdir(logs)):
            lines += read_errors(os.path.join(logs, name))
        return lines, done


def check_suite(name):
    # /proc shows valgrind's environment for a process, which a test cannot change.
    environment = dict(os.environ, CK_RUN_SUITE=name, CK_TIMEOUT_MULTIPLIER="60",
                       CK_EXCLUDE_TAGS="environ")
    lines, done = run([os.path.abspath("tests/check_pytrace")], environment, ".")
    lines += [line for line in done.stdout.decode("utf-8", "replace").splitlines()
              if line.startswith("not ok")]
    return lines


def check_case(interpreter, name, library):
    each = case.Case(os.path.join(HERE, "cases", name + ".py"))
    if not each.runs_on(interpreter):
        return []
    with tempfile.TemporaryDirectory(prefix="pytrace-valgrind-") as folder:
        environment = interpreters.clean_environment(**dict(
            each.env, LD_PRELOAD=library, PYTHONMALLOC="malloc", PYTRACE_INCLUDE="@all",
            PYTRACE_EVENTS="all", PYTRACE_OUTPUT=os.path.join(folder, "trace")))
        lines, _ = run([interpreter.executable, each.path] + each.args, environment, "/")
        if not os.path.exists(os.path.join(folder, "trace")):
            lines.append("nothing was traced")
    return lines


def collect():
    library = os.path.abspath(os.environ.get("PT_LIBRARY", "lib/.libs/libpytrace.so"))
    tests = []
    if os.access("tests/check_pytrace", os.X_OK):
        tests += [("unit " + name, lambda name=name: check_suite(name)) for name in SUITES]
    chosen = os.environ.get("VALGRIND_PYTHONS", "3.8.* 3.11.2* 3.12.* 3.13.0*").split()
    for interpreter in interpreters.find()[0]:
        if not any(fnmatch.fnmatch(str(interpreter), pattern) for pattern in chosen):
            continue
        for name in CASES:
            tests.append(("%s %s" % (interpreter, name), lambda name=name, it=interpreter:
                          check_case(it, name, library)))
    return tests


def main():
    if not shutil.which("valgrind"):
        print("1..0 # SKIP no valgrind")
        return 0
    patterns = sys.argv[1:] or os.environ.get("PT_PATTERNS", "").split() or ["*"]
    tests = [test for test in collect()
             if any(fnmatch.fnmatch(test[0], pattern) for pattern in patterns)]
    print("1..%d" % len(tests), flush=True)
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        lines = function()
        failed += bool(lines)
        print("%s %d - valgrind %s" % ("not ok" if lines else "ok", number, name))
        for line in lines[:60]:
            print("# " + line)
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
