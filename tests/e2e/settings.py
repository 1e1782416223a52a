# SPDX-License-Identifier: MIT
"""The settings, as a user sees them: outputs, sets of files, strictness, debugging."""

import os
import re
import subprocess

from interpreters import clean_environment
from run import Failure, expect_equal, run
from ways import Folder

PROGRAM = "import sys\nprint('one')\nprint('two', file=sys.stderr)\n"


def trace_environment(library, **settings):
    return clean_environment(LD_PRELOAD=library.preload, **settings)


def run_in(folder, interpreter, library, *arguments, **settings):
    """Runs without an output setting of the test's own."""
    done = subprocess.run([interpreter.executable] + list(arguments), cwd=folder.path,
                          env=trace_environment(library, **settings), capture_output=True)
    return done.returncode, done.stdout, done.stderr


def read(folder, name):
    with open(os.path.join(folder.path, name), encoding="utf-8") as file:
        return file.read().splitlines()


def check_default_output(interpreter, library):
    """By default the trace goes to stderr, in order with what the program writes there."""
    with Folder(main=PROGRAM) as folder:
        status, out, err = run_in(folder, interpreter, library, "-u", "main.py")
        expect_equal("status and stdout", (status, out), (0, b"one\n"))
        expect_equal("stderr", err.decode().splitlines(), [
            "main.py:1       > <module>",
            "main.py:1       import sys",
            "main.py:2       print('one')",
            "main.py:3       print('two', file=sys.stderr)",
            "two",
            "main.py:3       < <module>",
            "+++ exited with 0: 5 events, 0 lost",
        ])


def check_stdout(interpreter, library):
    with Folder(main=PROGRAM) as folder:
        for output in ("stdout", "fd:1"):
            _, out, err = run_in(folder, interpreter, library, "-u", "main.py",
                                 PYTRACE_OUTPUT=output, PYTRACE_EVENTS="line")
            expect_equal("stderr", err, b"two\n")
            expect_equal("stdout", out.decode().splitlines()[1:3],
                         ["main.py:2       print('one')", "one"])


def check_descriptor(interpreter, library):
    """fd:N is a descriptor that the program inherits; one that is not open is reported."""
    with Folder(main=PROGRAM) as folder:
        command = "exec %s main.py 7>trace" % interpreter.executable
        environment = trace_environment(library, PYTRACE_OUTPUT="fd:7")
        done = subprocess.run(["bash", "-c", command], cwd=folder.path, env=environment,
                              capture_output=True)
        expect_equal("stderr", done.stderr, b"two\n")
        expect_equal("lines", len(read(folder, "trace")), 6)
        _, _, err = run_in(folder, interpreter, library, "main.py", PYTRACE_OUTPUT="fd:77")
        expect_equal("message", err.decode().splitlines()[0],
                     "libpytrace: PYTRACE_OUTPUT: cannot write to 'fd:77': "
                     "Bad file descriptor; tracing to stderr")


def check_file_is_replaced(interpreter, library):
    with Folder(main=PROGRAM) as folder:
        folder.write("trace", "old\n" * 100)
        for _ in range(2):
            run_in(folder, interpreter, library, "main.py", PYTRACE_OUTPUT="trace")
        expect_equal("lines", len(read(folder, "trace")), 6)


def check_names(interpreter, library):
    """%-sequences, and a directory with a file for each process."""
    with Folder(main=PROGRAM) as folder:
        run_in(folder, interpreter, library, "main.py", PYTRACE_OUTPUT="%e-%p-%P-%%-%t.txt")
        names = [name for name in os.listdir(folder.path) if name.endswith(".txt")]
        pattern = r"main-\d+-%d-%%-\d{8}T\d{6}\.txt$" % os.getpid()
        if len(names) != 1 or not re.match(pattern, names[0]):
            raise Failure("the files are %s" % names)
        run_in(folder, interpreter, library, "-m", "main", PYTRACE_OUTPUT="traces/")
        names = os.listdir(os.path.join(folder.path, "traces"))
        if len(names) != 1 or not re.match(r"main\.\d+\.trace$", names[0]):
            raise Failure("the files are %s" % names)


def check_children(interpreter, library):
    """Children append whole lines to the same file, wherever they run, with their pid."""
    parent = "import os, subprocess, sys\nos.chdir('/')\n" \
             "subprocess.check_call([sys.executable, sys.argv[1]])\nprint('end')\n"
    with Folder(parent=parent, child="print('child')\n") as folder:
        child = os.path.join(folder.path, "child.py")
        run_in(folder, interpreter, library, "parent.py", child, PYTRACE_OUTPUT="trace",
               PYTRACE_EVENTS="line")
        lines = read(folder, "trace")
        child_lines = [line for line in lines if line.rstrip().endswith("print('child')")]
        expect_equal("child's lines", len(child_lines), 1)
        if not re.match(r"\[\d+\] ", child_lines[0]):
            raise Failure("no pid in %r" % child_lines)
        last = [line for line in lines if line.rstrip().endswith("print('end')")]
        if len(last) != 1 or not re.match(r"\[\d+\] parent\.py:4 ", last[0]):
            raise Failure("the parent's last line is %s" % last)


def check_strict(interpreter, library):
    """A bad setting ends the process with status 78 before the first line of Python."""
    with Folder(main=PROGRAM, sitecustomize="print('early')") as folder:
        status, out, err = run_in(folder, interpreter, library, "main.py",
                                  PYTRACE_STRICT="1", PYTRACE_EVENTS="lines",
                                  PYTHONPATH=folder.path)
        expect_equal("status and stdout", (status, out), (78, b""))
        expect_equal("stderr", err, b"libpytrace: PYTRACE_EVENTS: unknown event 'lines' "
                     b"(did you mean 'line'?)\n")
        status, _, _ = run_in(folder, interpreter, library, "main.py", PYTRACE_STRICT="1")
        expect_equal("status without a bad setting", status, 0)


def check_debug_rules(interpreter, library):
    """PYTRACE_DEBUG=rules names, once for each file, the rule that decided."""
    with Folder(main="import json\nimport helper\n", helper="x = 1\n") as folder:
        _, _, err = run_in(folder, interpreter, library, "main.py", PYTRACE_OUTPUT="trace",
                           PYTRACE_DEBUG="rules", PYTRACE_EXCLUDE="helper")
        lines = err.decode().splitlines()
        start = "libpytrace: rules: %s/" % folder.path
        expect_equal("rules", [line for line in lines if line.startswith(start)], [
            start + "main.py: traced: PYTRACE_INCLUDE '@user'",
            start + "helper.py: not traced: PYTRACE_EXCLUDE 'helper'",
        ])
        expect_equal("lines about json", len([line for line in lines
                                              if "/json/__init__.py: not traced: no "
                                              "PYTRACE_INCLUDE rule matches" in line]), 1)


def traced_files(lines):
    return {line.split(":")[0] for line in lines}


def check_sets(interpreter, library):
    """@script, @project, @user, @stdlib, @frozen and @all mean what README says."""
    with Folder() as folder:
        folder.write("app/main.py", "import sys\nsys.path.append('lib')\nimport near, far\n"
                     "import json.tool\n")
        folder.write("app/near.py", "x = 1\n")
        folder.write("lib/far.py", "x = 1\n")
        expected = {
            "@script": {"app/main.py"},
            "@project": {"app/main.py", "app/near.py"},
            "@user": {"app/main.py", "app/near.py", "lib/far.py"},
            "@user,@project": {"app/main.py", "app/near.py", "lib/far.py"},
        }
        for rule, files in expected.items():
            result = run([interpreter.executable, "app/main.py"], cwd=folder.path,
                         library=library, PYTRACE_INCLUDE=rule)
            expect_equal(rule, traced_files(result.lines), files)
        for rule, prefix in (("@stdlib", "<"), ("@frozen", "<frozen ")):
            result = run([interpreter.executable, "app/main.py"], cwd=folder.path,
                         library=library, PYTRACE_INCLUDE=rule, PYTRACE_EVENTS="line")
            others = [name for name in traced_files(result.lines)
                      if not name.startswith(prefix) and
                      not os.path.exists(os.path.join(interpreter.stdlib, name))]
            expect_equal(rule, others, [])
            if not result.lines:
                raise Failure("%s traces nothing" % rule)
        result = run([interpreter.executable, "app/main.py"], cwd=folder.path,
                     library=library, PYTRACE_INCLUDE="@all", PYTRACE_EVENTS="line")
        everything = traced_files(result.lines)
        if not everything > {"app/main.py", "app/near.py", "lib/far.py"}:
            raise Failure("@all traces only %s" % everything)


def check_library_names(interpreter, library):
    """The standard library and packages are shown without their roots, unless that is the
    name of a file of the user's; an import shows the whole path."""
    with Folder() as folder:
        folder.write("app/main.py", "import colorsys, json.decoder, pkg.mod\n")
        folder.write("v/site-packages/pkg/mod.py", "x = 1\n")
        for own in (None, "json/decoder.py", "pkg/mod.py"):
            folder.write(own or "notes.txt", "")
            path = os.path.join(folder.path, "v", "site-packages")
            result = run([interpreter.executable, "app/main.py"], {"PYTHONPATH": path},
                         cwd=folder.path, library=library,
                         PYTRACE_INCLUDE="@script,colorsys,json.decoder,pkg.mod")
            stdlib, site = interpreter.stdlib + "/json/decoder.py", "v/site-packages/pkg/mod.py"
            names = {"app/main.py", "colorsys.py"}
            names.add(stdlib if own else "json/decoder.py")
            names.add(site if own == "pkg/mod.py" else "pkg/mod.py")
            expect_equal("files", traced_files(result.lines), names)
            imports = {line.split(" ")[-1] for line in result.lines if " + " in line}
            expect_equal("imports %s" % imports, imports >= {stdlib, site}, True)


def check_project_of_module(interpreter, library):
    """With -m the project is the current directory, from the package's first line on."""
    with Folder() as folder:
        folder.write("pkg/__init__.py", "early = 1\n")
        folder.write("pkg/tool.py", "x = 1\n")
        result = run([interpreter.executable, "-m", "pkg.tool"], cwd=folder.path,
                     library=library, PYTRACE_INCLUDE="@project", PYTRACE_EVENTS="line")
        expect_equal("files", traced_files(result.lines), {"pkg/__init__.py", "pkg/tool.py"})
        result = run([interpreter.executable, "-m", "pkg.tool"], cwd=folder.path,
                     library=library, PYTRACE_INCLUDE="pkg.tool", PYTRACE_EVENTS="line")
        expect_equal("files", traced_files(result.lines), {"pkg/tool.py"})


def check_links(interpreter, library):
    """A file reached through a symbolic link belongs where it really is."""
    with Folder() as folder:
        folder.write("work/pkg/mod.py", "x = 1\n")
        folder.write("real/extra.py", "y = 2\n")
        folder.write("main.py", "import sys\nsys.path[:0] = ['site-packages', 'linked']\n"
                     "import pkg.mod, extra\n")
        os.mkdir(os.path.join(folder.path, "site-packages"))
        os.symlink("../work/pkg", os.path.join(folder.path, "site-packages", "pkg"))
        os.symlink("real", os.path.join(folder.path, "linked"))
        result = run([interpreter.executable, "main.py"], cwd=folder.path, library=library,
                     PYTRACE_EVENTS="line")
        shown = {os.path.realpath(os.path.join(folder.path, name))
                 for name in traced_files(result.lines)}
        expect_equal("files", shown, {os.path.join(folder.path, name) for name in (
            "main.py", "work/pkg/mod.py", "real/extra.py")})
        for rule in ("real/", "linked/", "**/extra.py", "extra"):
            result = run([interpreter.executable, "main.py"], cwd=folder.path,
                         library=library, PYTRACE_INCLUDE=rule, PYTRACE_EVENTS="line")
            expect_equal("lines with %s" % rule, len(result.lines), 1)


CHECKS = [
    check_default_output, check_stdout, check_descriptor, check_file_is_replaced,
    check_names, check_children, check_strict, check_debug_rules, check_sets,
    check_library_names,
    check_project_of_module, check_links,
]
