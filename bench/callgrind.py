# SPDX-License-Identifier: MIT
"""make bench-callgrind: instructions that an event costs, by callgrind.

A program runs with two lengths of its loop; the difference is that of the events alone, and
is the same from run to run but for looks at the clock, which are told apart. It is compared
with callgrind.expected, where there are figures for that interpreter and program; only the
difference is printed. Compiler and its flags matter: the figures are of gcc -O2.
BENCH_PYTHONS, BENCH_PROGRAMS choose; BENCH_UPDATE=1 writes the figures; BENCH_DETAIL=1 shows
all functions, not ours alone.
"""

import os
import re
import subprocess
import sys

import measure
from measure import LIBRARY, Failure, note, print_table

EXPECTED = os.path.join(measure.FOLDER, "callgrind.expected")
SHORT, LONG = 1000, 3000

#: Programs, and how many events of each kind one turn of the loop has.
PROGRAMS = {
    "line": (4, "lines", {}, """
def main(size):
    for i in range(size):
        a = i
        b = a
        c = b
"""),
    "call": (1, "calls of 4 lines", {}, """
def called(x):
    return x

def main(size):
    for i in range(size):
        called(i)
        i
"""),
    "yield": (1, "yields of 4 lines", {}, """
def generate(size):
    for i in range(size):
        yield i

def main(size):
    for i in generate(size):
        i
"""),
    "raise": (1, "exceptions of 6 lines", {}, """
def fail():
    raise KeyError

def main(size):
    for i in range(size):
        try:
            fail()
        except KeyError:
            pass
"""),
    "excluded": (1, "excluded calls of 2 lines", {"PYTRACE_EXCLUDE": "::called"}, """
def called(x):
    x
    return x

def main(size):
    i = 0
    while i < size: called(i); i += 1
"""),
    "new": (1, "functions made and called", {}, """
def main(size):
    for i in range(size):
        exec("def f(x):\\n  return x\\nf(1)", {})
"""),
}

#: Looks at the clock. A program that is slow or interrupted has more of them, up to one for
#: each event, so that they are told apart from what is compared.
LOOKS = ("pt_stage_make_room", "ready_stage")

#: Where a function is, as far as seen.
objects = {}

#: "  12,345 (67.8%)  lib/tracer.c:pt_tracer_line [/x/libpytrace.so]"
ENTRY = re.compile(r"^\s*([\d,]+) \([^)]*\)\s+(\S+?):(\S+)(?: \[(.*)\])?$")


def profile(python, script, changes, size, scratch):
    """Returns the instructions of each function as {name: count}."""
    out = scratch.path("callgrind.out")
    environment = dict(changes, LD_PRELOAD=LIBRARY, PYTRACE_INCLUDE="@script",
                       PYTRACE_OUTPUT=scratch.path("trace"))
    # Valgrind itself must not be preloaded: env sets that for the program alone.
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out,
               "--trace-children=yes", "--trace-children-skip=/usr/bin/env",
               "/usr/bin/env"]
    command += ["%s=%s" % pair for pair in environment.items()]
    measure.run(command + [python, "-S", script, str(size)], scratch, {})
    text = subprocess.run(["callgrind_annotate", "--threshold=100", "--show=Ir", out],
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    counts = {}
    for line in text.splitlines():
        found = ENTRY.match(line)
        if found:
            counts[found[3]] = counts.get(found[3], 0) + int(found[1].replace(",", ""))
            # An entry that has the object of the one above it does not name it again.
            if found[4]:
                objects[found[3]] = os.path.basename(found[4])
    return counts


def differences(python, name, scratch):
    """Instructions of each function for each event of a program."""
    events, _, changes, text = PROGRAMS[name]
    script = scratch.path(name + ".py")
    with open(script, "w") as file:
        file.write("import sys\n" + text + "\nmain(int(sys.argv[1]))\n")
    profile(python, script, changes, 1, scratch)  # byte code is written once
    short = profile(python, script, changes, SHORT, scratch)
    long = profile(python, script, changes, LONG, scratch)
    turns = (LONG - SHORT) * events
    return {key: (long.get(key, 0) - short.get(key, 0)) / turns
            for key in set(short) | set(long)}


def read_expected():
    expected = {}
    with open(EXPECTED) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                version, name, figure = line.split()
                expected[version, name] = float(figure)
    return expected


def write_expected(expected):
    with open(EXPECTED, "w") as file:
        file.write("# Instructions of libpytrace.so itself, per event: version, program, figure.\n")
        for (version, name), figure in sorted(expected.items()):
            file.write("%s %s %.1f\n" % (version, name, figure))


def is_ours(function):
    return objects.get(function, "").startswith("libpytrace")


def report(python, version, name, expected, scratch):
    found = differences(python, name, scratch)
    total = sum(found.values())
    looks = sum(found.get(key, 0) for key in LOOKS)
    ours = sum(count for key, count in found.items() if is_ours(key)) - looks
    was = expected.get((version, name))
    note("%s, %s: %.1f instructions of ours, %.1f of looks at the clock, %.1f of all; %s" % (
        version, PROGRAMS[name][1], ours, looks, total, "expected -" if was is None else
        "expected %.1f (%+.1f %%)" % (was, (ours / was - 1) * 100)))
    shown = sorted(found.items(), key=lambda pair: -pair[1])
    lines = [[function, objects.get(function, ""), "%.1f" % count]
             for function, count in shown
             if count >= 0.5 and (is_ours(function) or os.environ.get("BENCH_DETAIL"))]
    print_table([name, "object", "instructions"], lines)
    expected[version, name] = ours


def main():
    if not os.path.exists(LIBRARY):
        sys.exit("bench: %s: not built (use make bench-callgrind)" % LIBRARY)
    expected = read_expected()
    names = measure.choice("BENCH_PROGRAMS") or list(PROGRAMS)
    for python, version in measure.pythons():
        with measure.Scratch() as scratch:
            for name in names:
                try:
                    report(python, version, name, expected, scratch)
                except (OSError, Failure) as failure:
                    note("%s, %s: %s" % (version, name, failure))
    if os.environ.get("BENCH_UPDATE"):
        write_expected(expected)


main()
