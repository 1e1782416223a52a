# SPDX-License-Identifier: MIT
"""Runs processes that are measured, and what can be said of figures that vary."""

import functools
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
LIBRARY = os.environ.get("PT_BENCH_LIBRARY", "")
NOOP = os.environ.get("PT_BENCH_NOOP", "")

#: No run may take longer, in seconds; those that do are left out with a note.
LIMIT = 600

#: PYTHON* and the like, which would change what is measured, are not passed on.
DROPPED = ("PYTHON", "PYTRACE", "LD_PRELOAD", "PYENV", "PT_BENCH", "COVERAGE")


class Failure(Exception):
    """A run that did not end well; its text says how."""


def note(text):
    print("# " + text, flush=True)


def choice(name, default=""):
    """The words of a BENCH_ variable, separated by commas or blanks."""
    return os.environ.get(name, default).replace(",", " ").split()


def number(name, default):
    return int(os.environ.get(name) or default)


def is_long():
    return bool(os.environ.get("BENCH_LONG"))


class Scratch:
    """A folder for what the runs write; PYTHONPYCACHEPREFIX is in it, too."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="libpytrace-bench-")
        os.mkdir(self.path("run"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def clear(self):
        """Removes what the last run wrote, so that the disk does not fill up."""
        shutil.rmtree(self.path("run"), ignore_errors=True)
        os.mkdir(self.path("run"))


def environment(scratch, changes):
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(DROPPED)}
    kept["PYTHONPYCACHEPREFIX"] = scratch.path("pycache")
    kept["PYTHONHASHSEED"] = "0"
    kept["PT_BENCH_SCRATCH"] = scratch.folder
    kept.update(changes)
    return kept


def run(command, scratch, changes, directory=None):
    """Runs a command to its end. Raises Failure if that was not a good one."""
    with open(scratch.path("run/stdout"), "wb") as out, \
            open(scratch.path("run/stderr"), "wb") as err:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            cwd=directory or scratch.path("run"), env=environment(scratch, changes),
            start_new_session=True)
        try:
            status = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise Failure("took longer than %d s" % LIMIT) from None
    if status:
        with open(scratch.path("run/stderr"), errors="replace") as file:
            last = file.read().strip().splitlines()[-1:] or [""]
        raise Failure("status %d: %s" % (status, last[0][:200]))


@functools.lru_cache(None)
def stdlib_of(python):
    program = "import os; print(os.path.dirname(os.__file__))"
    return subprocess.run([python, "-c", program], stdout=subprocess.PIPE, check=True,
                          env={"PATH": os.environ["PATH"]}).stdout.decode().strip()


def home_of(python, workload):
    """Where a workload runs: where its code is, as a project is traced from its own
    directory, so that names of files are short."""
    if workload in ("real", "imports"):
        return stdlib_of(python)
    return os.path.join(FOLDER, "workloads")


def rule_of(workload):
    """The rule for what a workload runs. The names of other files are longer, and would
    have the text of all lines begin further to the right."""
    if workload in ("real", "imports", "large", "generated"):
        return "@all"
    return workload + ".py"


def run_workload(python, row, workload, size, passes, scratch):
    """Runs a workload under a row. Returns what child.py noted."""
    scratch.clear()
    result = scratch.path("run/result")
    output = scratch.path("run/" + row.output)
    command = [python] + [each.replace("{run}", scratch.path("run"))
                          for each in row.arguments]
    command += [os.path.join(FOLDER, "child.py"), FOLDER, workload, str(size),
                str(passes), result, output, row.peer]
    changes = {name: value.replace("{run}", scratch.path("run")).replace(
                   "{rule}", rule_of(workload)) for name, value in row.environment.items()}
    run(command, scratch, changes, home_of(python, workload))
    with open(result) as file:
        facts = json.load(file)
    clock = 1 if os.environ.get("BENCH_CLOCK") == "cpu" else 0
    facts["time"] = min(pair[clock] for pair in facts["times"])
    facts["bytes"] /= passes
    return facts


def count(python, workload, size, scratch):
    """Lines and calls of one pass: those of two passes less those of one."""
    totals = []
    path = scratch.path("counts")
    for passes in (1, 2):
        command = [python, os.path.join(FOLDER, "child.py"), FOLDER, workload, str(size),
                   str(passes), scratch.path("run/result"), "", ""]
        run(command, scratch, {"LD_PRELOAD": NOOP, "PT_BENCH_COUNTS": path})
        with open(path) as file:
            totals.append([int(word) for word in file.read().split()])
    return [max(1, second - first) for first, second in zip(*totals)]


def version_of(python):
    program = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    return subprocess.run([python, "-c", program], stdout=subprocess.PIPE, check=True,
                          env={"PATH": os.environ["PATH"]}).stdout.decode().strip()


def pythons():
    """The interpreters to measure: their paths, each with its version."""
    paths = choice("BENCH_PYTHONS") or [os.environ.get("PT_BENCH_PYTHON", sys.executable)]
    found = []
    for path in paths:
        path = shutil.which(path) or path
        try:
            found.append((path, version_of(path)))
        except (OSError, subprocess.SubprocessError) as error:
            note("%s cannot be run: %s" % (path, error))
    return found


def median(figures):
    return statistics.median(figures) if figures else None


def show(figure, form):
    return "-" if figure is None else form % figure


def print_table(titles, lines):
    """Prints columns, the first to the left, the others to the right."""
    widths = [max(len(line[i]) for line in [titles] + lines) for i in range(len(titles))]
    for line in [titles] + lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
        print("  ".join(cells).rstrip())
    print(flush=True)
