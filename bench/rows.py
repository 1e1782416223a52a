# SPDX-License-Identifier: MIT
"""The rows of the table: the ways in which a workload is run."""

import os

import peers
from measure import LIBRARY, NOOP, Failure, note, run_workload


class Row:
    """A way to run a workload. {run} stands for the folder of the run, {rule} for its rule."""

    def __init__(self, name, environment=None, arguments=(), peer="", output="trace",
                 share=1, repeats=None):
        self.name = name
        self.environment = environment or {}
        self.arguments = list(arguments)
        self.peer = peer        # what child.py starts
        self.output = output    # the file that the trace goes to
        self.share = share      # the workload's size is divided by this
        self.repeats = repeats  # at most this many; None: as many as asked for

    def size(self, workload):
        return max(1, workload.SIZE // self.share)


def library(name, output="trace", **settings):
    environment = {"LD_PRELOAD": LIBRARY, "PYTRACE_OUTPUT": "{run}/" + output,
                   "PYTRACE_INCLUDE": "{rule}"}
    environment.update({"PYTRACE" + key: value for key, value in settings.items()})
    return Row(name, environment, output=output)


UNTRACED = Row("untraced")
FLOOR = Row("no-op callback", {"LD_PRELOAD": NOOP})
COMPRESSED = library("libpytrace .zst", output="trace.zst")


def own_rows():
    return [
        UNTRACED,
        FLOOR,
        library("libpytrace text"),
        library("recording", output="trace.pytrace"),
        library("recording, no times", output="trace.pytrace", _TIME="none"),
        library("libpytrace trace", _FORMAT="trace"),
        COMPRESSED,
        library("all excluded", _INCLUDE="nothing_at_all"),
        library("PYTRACE=0", **{"": "0"}),
    ]


def stdlib_rows():
    return [
        Row("trace --trace", arguments=["-m", "trace", "--trace"], output="stdout",
            share=20, repeats=3),
        Row("trace --count", arguments=[
            "-m", "trace", "--count", "--no-report", "--file", "{run}/counts"],
            share=10, repeats=3),
    ]


def coverage_rows(folder, version):
    def row(name, core):
        return Row(name, {"PYTHONPATH": folder, "COVERAGE_CORE": core}, [
            "-m", "coverage", "run", "--pylib", "--data-file={run}/coverage"])

    rows = [row("coverage ctrace", "ctrace")]
    if int(version.split(".")[1]) >= 12:
        rows.append(row("coverage sysmon", "sysmon"))
    return rows


def peer_rows(version):
    rows = stdlib_rows()
    folders = {name: peers.find(name, version) for name in peers.PACKAGES}
    if folders["coverage"]:
        rows += coverage_rows(folders["coverage"], version)
    if folders["viztracer"]:
        rows.append(Row("viztracer (calls)", {"PYTHONPATH": folders["viztracer"]},
                        peer="viztracer", share=2))
    if folders["hunter"]:
        rows.append(Row("hunter", {"PYTHONPATH": folders["hunter"]}, peer="hunter",
                        share=50, repeats=2))
    if folders["PySnooper"]:
        rows.append(Row("PySnooper", {"PYTHONPATH": folders["PySnooper"]},
                        peer="PySnooper", share=200, repeats=1))
    return rows


def can_compress(python, scratch):
    """Returns whether the library finds what it compresses with."""
    try:
        run_workload(python, COMPRESSED, "lines", 100, 1, scratch)
        with open(os.path.join(scratch.path("run"), COMPRESSED.output), "rb") as file:
            return file.read(4) == b"\x28\xb5\x2f\xfd"
    except (OSError, Failure):
        return False


def matches(row, words):
    return any(word in row.name.replace(" ", "-") for word in words)


def find(python, version, words, scratch):
    """The rows to run: those that one of WORDS is part of, and the two to compare with."""
    rows = own_rows()
    if not words or any(word == "peers" for word in words):
        rows += peer_rows(version)
        words = words and []
    elif any(not any(word in each.name for each in rows) for word in words):
        rows += peer_rows(version)
    if not can_compress(python, scratch):
        note("libpytrace .zst: there is no libzstd.so.1")
        rows.remove(COMPRESSED)
    if words:
        rows = [row for row in rows
                if row in (UNTRACED, FLOOR) or matches(row, words)]
    return rows
