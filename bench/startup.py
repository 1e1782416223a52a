# SPDX-License-Identifier: MIT
"""What it costs to start a program."""

import os
import time

from measure import LIBRARY, environment, median, note, number, print_table

VARIANTS = [
    ("no preload", {}),
    ("PYTRACE=0", {"PYTRACE": "0"}),
    ("all excluded", {"PYTRACE_INCLUDE": "nothing_at_all"}),
    ("default", {}),
]


def start_once(command, settings, quiet):
    """Returns the milliseconds until the program has ended, by the clock and of CPU."""
    begin = time.perf_counter()
    pid = os.posix_spawn(command[0], command, settings, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    taken = time.perf_counter() - begin
    if status:
        note("%s ended with status %d" % (command[0], status))
    return taken * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3


def settings_of(scratch, name, changes):
    changes = dict(changes)
    if name != "no preload":
        changes["LD_PRELOAD"] = LIBRARY
        changes["PYTRACE_OUTPUT"] = scratch.path("start-trace")
    return environment(scratch, changes)


def measure(command, scratch, repeats):
    with open(os.devnull, "r+b") as null:
        quiet = [(os.POSIX_SPAWN_DUP2, null.fileno(), fd) for fd in range(3)]
        found = {name: [] for name, _ in VARIANTS}
        for turn in range(repeats + 2):
            for name, changes in VARIANTS:
                figures = start_once(command, settings_of(scratch, name, changes), quiet)
                if turn >= 2:
                    found[name].append(figures)
    return found


def lines_of(title, found):
    lines = []
    base = found["no preload"]
    for name, figures in found.items():
        wall = [each[0] for each in figures]
        added = [each[0] - other[0] for each, other in zip(figures, base)]
        cpu = [each[1] - other[1] for each, other in zip(figures, base)]
        lines.append([
            title + ", " + name, "%.2f" % median(wall), "%.2f" % min(wall),
            "%+.2f" % median(added), "%+.2f" % (min(wall) - min(each[0] for each in base)),
            "%+.2f" % median(cpu)])
    return lines


def report(python, scratch):
    repeats = number("BENCH_STARTS", 60)
    lines = []
    for title, command in (("python -c pass", [python, "-c", "pass"]),
                           ("/bin/true", ["/bin/true"])):
        lines += lines_of(title, measure(command, scratch, repeats))
    print_table(["start-up (%d runs)" % repeats, "ms", "least", "added", "added (least)",
                 "CPU added"], lines)
