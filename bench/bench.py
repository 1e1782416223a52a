# SPDX-License-Identifier: MIT
"""make bench: what tracing costs. Prints tables, asserts nothing.

Figures that are compared come from one run: in each repeat every row runs once, one after
the other, and each figure is a median over repeats. BENCH_PYTHONS, BENCH_ROWS (parts of
names, "peers" for all), BENCH_WORKLOADS, BENCH_TABLES (workloads, startup, flat) choose;
BENCH_REPEAT is how often (5), BENCH_STARTS that of start-ups (60); BENCH_CLOCK=cpu takes CPU
time instead of the clock's; BENCH_LONG=1 adds what takes minutes; TMPDIR is where traces go.
"""

import importlib
import os
import sys

import flat
import measure
import rows
import startup
from measure import Failure, median, note, show

WORKLOADS = ["loop", "calls", "real", "exceptions", "generators", "large", "imports",
             "threads"]
PASSES = 3
TITLES = ["", "ns/line", "ns/call", "x floor", "spread", "x untraced", "bytes/line",
          "peak MiB"]


class Figures:
    """What came of one workload: of each row, by repeat, what child.py noted."""

    def __init__(self):
        self.runs = {}     # row -> {repeat: facts}
        self.bases = {}    # (size, repeat) -> facts of the untraced run
        self.floors = {}   # (size, repeat) -> seconds that the no-op callback adds
        self.counts = {}   # size -> lines, calls

    def ratios(self, row, of):
        """OF(facts, base, floor) of each repeat where all of them are known."""
        size = self.size_of[row]
        found = []
        for repeat, facts in self.runs.get(row, {}).items():
            base = self.bases.get((size, repeat))
            if base:
                found.append(of(facts, base, self.floors.get((size, repeat))))
        return [each for each in found if each is not None]


def added(facts, base, _):
    return facts["time"] - base["time"]


def to_floor(facts, base, floor):
    return (facts["time"] - base["time"]) / floor if floor and floor > 0 else None


def to_untraced(facts, base, _):
    return facts["time"] / base["time"]


def describe(row, figures):
    """The cells of a row."""
    runs = list(figures.runs.get(row, {}).values())
    if not runs:
        return [row.name] + ["-"] * (len(TITLES) - 1)
    lines, calls = figures.counts[figures.size_of[row]]
    extra = median(figures.ratios(row, added))
    floor = figures.ratios(row, to_floor)
    spread = "%.2f-%.2f" % (min(floor), max(floor)) if floor else "-"
    size = median([each["bytes"] for each in runs])
    return [
        row.name, show(extra and extra / lines * 1e9, "%.1f"),
        show(extra and extra / calls * 1e9, "%.0f"), show(median(floor), "%.2f"), spread,
        show(median(figures.ratios(row, to_untraced)), "%.3f"),
        "%.2f" % (size / lines) if size else "-",
        "%.1f" % (median([each["peak"] for each in runs]) / 1024)]


def run_row(python, row, name, size, scratch, failed):
    try:
        return measure.run_workload(python, row, name, size, PASSES, scratch)
    except Failure as failure:
        note("%s, %s: %s" % (name, row.name, failure))
        failed.add(row)
        return None


def run_repeat(python, name, some_rows, repeat, figures, scratch, failed):
    """Runs every row once; slow ones get the two to compare with in their own size."""
    for row in some_rows:
        size = figures.size_of[row]
        if row in failed or (row.repeats is not None and repeat >= row.repeats):
            continue
        key = (size, repeat)
        if key not in figures.bases:
            figures.bases[key] = run_row(python, rows.UNTRACED, name, size, scratch, failed)
            floor = run_row(python, rows.FLOOR, name, size, scratch, failed)
            if not figures.bases[key] or not floor:
                continue
            figures.floors[key] = floor["time"] - figures.bases[key]["time"]
            if size == figures.size_of[rows.UNTRACED]:
                figures.runs.setdefault(rows.UNTRACED, {})[repeat] = figures.bases[key]
                figures.runs.setdefault(rows.FLOOR, {})[repeat] = floor
        if row in (rows.UNTRACED, rows.FLOOR):
            continue
        facts = run_row(python, row, name, size, scratch, failed)
        if facts:
            figures.runs.setdefault(row, {})[repeat] = facts


def run_workload(python, name, some_rows, repeats, scratch):
    workload = importlib.import_module(name)
    figures = Figures()
    figures.size_of = {row: row.size(workload) for row in some_rows}
    for size in set(figures.size_of.values()):
        figures.counts[size] = measure.count(python, name, size, scratch)
    failed = set()
    for repeat in range(repeats):
        turned = some_rows[repeat % len(some_rows):] + some_rows[:repeat % len(some_rows)]
        run_repeat(python, name, turned, repeat, figures, scratch, failed)
    return figures


def report_workload(python, name, some_rows, repeats, scratch):
    try:
        figures = run_workload(python, name, some_rows, repeats, scratch)
    except Failure as failure:
        note("%s: %s" % (name, failure))
        return
    lines, calls = figures.counts[figures.size_of[rows.UNTRACED]]
    base = median([each["time"] for each in figures.runs[rows.UNTRACED].values()])
    titles = [name] + TITLES[1:]
    measure.print_table(titles, [describe(row, figures) for row in some_rows])
    note("%s: %d lines, %d calls, %.0f ms untraced (%.1f ns a line), %d repeats\n" % (
        name, lines, calls, base * 1e3, base / lines * 1e9, repeats))


def report(python, version, scratch):
    tables = measure.choice("BENCH_TABLES", "startup,workloads,flat")
    print("## Python %s (%s)\n" % (version, python), flush=True)
    if "startup" in tables:
        startup.report(python, scratch)
    if "workloads" in tables:
        some_rows = rows.find(python, version, measure.choice("BENCH_ROWS"), scratch)
        for name in measure.choice("BENCH_WORKLOADS", " ".join(WORKLOADS)):
            report_workload(python, name, some_rows, measure.number("BENCH_REPEAT", 5),
                            scratch)
    if "flat" in tables:
        flat.report(python, scratch)


def main():
    for path in (measure.LIBRARY, measure.NOOP):
        if not os.path.exists(path):
            sys.exit("bench: %s: not built (use make bench)" % (path or "PT_BENCH_*"))
    sys.path.append(os.path.join(measure.FOLDER, "workloads"))
    for python, version in measure.pythons():
        with measure.Scratch() as scratch:
            report(python, version, scratch)


main()
