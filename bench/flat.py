# SPDX-License-Identifier: MIT
"""What must not grow: time per line and memory with the number of lines; memory with the
number of functions that come and go."""

import rows
from measure import Failure, is_long, note, print_table, run_workload

LINES = [10**5, 10**6, 10**7]
FUNCTIONS = [10**3, 10**5]


def measure_lines(python, size, scratch):
    text = rows.library("text")
    plain = run_workload(python, rows.UNTRACED, "lines", size, 1, scratch)
    traced = run_workload(python, text, "lines", size, 1, scratch)
    added = (traced["time"] - plain["time"]) / size * 1e9
    return ["%.0e lines" % size, "%.1f" % added, "%.1f" % (traced["peak"] / 1024),
            "%.1f" % (plain["peak"] / 1024)]


def measure_functions(python, size, scratch):
    """One pass that warms up and one that is timed: twice SIZE functions."""
    text = rows.library("text")
    plain = run_workload(python, rows.UNTRACED, "generated", size // 2, 1, scratch)
    traced = run_workload(python, text, "generated", size // 2, 1, scratch)
    return ["%.0e functions" % size, "-", "%.1f" % (traced["peak"] / 1024),
            "%.1f" % (plain["peak"] / 1024)]


def report(python, scratch):
    lines = []
    tasks = [(measure_lines, size) for size in LINES + [10**8] * is_long()]
    tasks += [(measure_functions, size) for size in FUNCTIONS + [10**6] * is_long()]
    for task, size in tasks:
        try:
            lines.append(task(python, size, scratch))
        except Failure as failure:
            note("%d: %s" % (size, failure))
    print_table(["flatness", "ns/line added", "peak MiB", "untraced MiB"], lines)
