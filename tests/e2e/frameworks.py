# SPDX-License-Identifier: MIT
"""The ways in which each case is looked at."""

import fnmatch
import os
import re
import sys
import tempfile

from run import END, Failure, Skip, expect_equal, expect_same_lines, run

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(os.path.dirname(HERE), "cases")
PROGRAMS = os.path.join(os.path.dirname(HERE), "programs")

PREFIX = re.compile(r"^\[(\d+)(?: (\d+)(?: [^]]*)?)?\] ")
PLACE = re.compile(r"^(.*?):(\d+)(?: |$)")


def command_of(case, interpreter, script=None):
    return [interpreter.executable, script or case.file] + case.args


def normalize(line, interpreter):
    """Takes out of a trace line what differs from run to run and machine to machine."""
    line = re.sub(r"^\[\d+( \d+)?( [^]]*)?\] ", lambda found: "[PID%s%s] " % (
        " TID" if found.group(1) else "", found.group(2) or ""), line)
    line = re.sub(re.escape(interpreter.stdlib) + r"/(\S*\.so)\b", "<stdlib>/SO", line)
    return line.replace(interpreter.stdlib, "<stdlib>").rstrip()


def matches(line, pattern):
    if "..." not in pattern:
        return line == pattern
    quoted = fnmatch.translate(re.sub(r"([*?[])", r"[\1]", pattern).replace("...", "*"))
    return re.match(quoted, line) is not None


def is_golden(case, interpreter):
    """Whether the case says what must come out."""
    return any(case.expected(kind, interpreter) is not None for kind in ("trace", "stderr"))


def expect_golden(kind, case, interpreter, text):
    expected = case.expected(kind, interpreter)
    if expected is None:
        return
    actual = [normalize(line, interpreter)
              for line in text.decode("utf-8", "replace").split("\n") if not END.match(line)]
    actual = actual[:-1] if actual[-1] == "" else actual
    merged = [pattern if matches(line, pattern) else line
              for line, pattern in zip(actual, expected)]
    expect_same_lines(kind, merged + actual[len(merged):], expected)


def check_golden(case, interpreter, library):
    """Trace and stderr are, line by line, what the case says."""
    result = run(command_of(case, interpreter), case.env, case.stdin, CASES, library)
    expect_golden("trace", case, interpreter, result.trace)
    expect_golden("stderr", case, interpreter, result.stderr)


def check_transparent(case, interpreter, library):
    """Output, errors and status are the same with and without the library."""
    command = command_of(case, interpreter)
    folder = os.path.dirname(case.path)
    plain = run(command, case.env, case.stdin, folder)
    for include in ("@user", "@all"):
        traced = run(command, case.env, case.stdin, folder, library,
                     PYTRACE_INCLUDE=include, PYTRACE_EXCLUDE="")
        expect_equal("status", traced.status, plain.status)
        expect_equal("stdout", traced.stdout, plain.stdout)
        expect_equal("stderr", traced.stderr, plain.stderr)
        if not traced.trace:
            raise Failure("nothing was traced")


def split_threads(events):
    """The events of each thread, in the order in which the threads appear."""
    threads = {}
    for thread, place in events:
        threads.setdefault(thread, []).append(place)
    return list(threads.values())


def read_reference(path, interpreter):
    """The (thread, place) pairs that reference.py wrote."""
    events = []
    with open(path, encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            thread, number, name = line.rstrip("\n").split(" ", 2)
            events.append((thread, (shown_name(name, interpreter), int(number))))
    return events


def shown_name(name, interpreter):
    """A co_filename as the text format shows it."""
    frozen = re.match(r"<frozen (.*)>$", name)
    if frozen:
        base = os.path.join(interpreter.stdlib, frozen.group(1).replace(".", "/"))
        for path in (base + ".py", os.path.join(base, "__init__.py")):
            if os.path.exists(path):
                return os.path.relpath(path, interpreter.stdlib)
    if not name.startswith("/"):
        return name
    path = os.path.normpath(name)
    installed = re.match(r".*/(?:site|dist)-packages/(.*)", path)
    if installed:
        return installed.group(1)
    inside = path.startswith(interpreter.stdlib + "/")
    return os.path.relpath(path, interpreter.stdlib) if inside else path


def read_lines(trace_lines):
    """The (thread, place) pairs of a trace in the text format."""
    events = []
    main = None
    for line in trace_lines:
        prefix = PREFIX.match(line)
        place = PLACE.match(line[prefix.end():] if prefix else line)
        thread = prefix.group(2) if prefix else None
        main = prefix.group(1) if prefix else main
        events.append((thread, (place.group(1), int(place.group(2)))))
    # Before there is a second thread, lines name none: they are the first one's.
    return [(thread or main, place) for thread, place in events]


def between(places, script, wrapper):
    """The places from the script's first line to the wrapper's next one."""
    first = next((i for i, place in enumerate(places) if place[0] == script), None)
    if first is None:
        return []
    end = next((i for i in range(first, len(places)) if places[i][0] == wrapper), None)
    return places[first:end]


def check_reference(case, interpreter, library):
    """The lines are those that sys.settrace reports in the same interpreter."""
    wrapper = os.path.join(HERE, "reference.py")
    with tempfile.TemporaryDirectory(prefix="pytrace-") as folder:
        output = os.path.join(folder, "lines")
        tail = [output, case.path] + case.args
        run([interpreter.executable, wrapper, "settrace"] + tail, case.env, case.stdin, "/")
        if not os.path.exists(output):
            raise Failure("the reference left no lines")
        reference = read_reference(output, interpreter)
        traced = run([interpreter.executable, wrapper, "plain"] + tail, case.env,
                     case.stdin, "/", library, PYTRACE_INCLUDE="@all", PYTRACE_EXCLUDE="",
                     PYTRACE_EVENTS="line", PYTRACE_DEPTH="", PYTRACE_FORMAT="text",
                     PYTRACE_TIME="", PYTRACE_COLOR="")
    script, wrapper = case.path.lstrip("/"), wrapper.lstrip("/")
    actual = split_threads(read_lines(
        line for line in traced.trace.decode("utf-8", "surrogateescape").splitlines()
        if not END.match(line)))
    expected = split_threads((thread, (name.lstrip("/"), line))
                             for thread, (name, line) in reference)
    actual = [[(name.lstrip("/"), line) for name, line in places] for places in actual]
    if not expected:
        raise Failure("the reference is empty")
    expect_equal("number of threads", len(actual), len(expected))
    for number, (left, right) in enumerate(zip(actual, expected)):
        if number == 0:
            left, right = (between(each, script, wrapper) for each in (left, right))
        if case.compare == "script":
            left, right = ([place for place in each if place[0] == script]
                           for each in (left, right))
        expect_same_lines("thread %d" % number, left, right)


def check_stdlib_trace(case, interpreter, library):
    """PYTRACE_FORMAT=trace gives, byte for byte, what "python -m trace --trace" prints."""
    script = case.path
    # Not the script's folder, which "-m" would look into and importlib remember.
    folder = "/"
    plain = run([interpreter.executable, "-m", "trace", "--trace", script] + case.args,
                case.env, case.stdin, folder)
    stand_in = os.path.join(HERE, "stdlib_trace")
    traced = run([interpreter.executable, "-m", "trace", script] + case.args,
                 case.env, case.stdin, stand_in, library, PYTRACE_FORMAT="trace",
                 PYTRACE_INCLUDE="@all")
    first = (" --- modulename: %s, funcname: <module>\n" % case.name).encode()
    start, end = traced.trace.find(first), plain.stdout.rfind(b" --- modulename: trace, ")
    if not plain.stdout.startswith(first) or start < 0:
        raise Failure("no first line in %r or %r" % (plain.stdout[:200], traced.trace[:200]))
    expected = plain.stdout[:end]
    if case.compare == "script":
        raise Skip("its lines depend on the moment")
    expect_same_lines("trace", traced.trace[start:start + len(expected)].split(b"\n"),
                      expected.split(b"\n"))


MARK = re.compile(r"^(.*?:\d+) +([<>]) (.*?)( \((?:resume|yield|exception)\))?$")


def read_marks(trace_lines, script):
    """The calls and returns of each thread: lists of (mark, function, note, line); the
    line is None before the script's first one."""
    threads = {}
    main = None
    start = next((i for i, line in enumerate(trace_lines) if line.startswith(script)), 0)
    for number, line in enumerate(trace_lines):
        prefix = PREFIX.match(line)
        thread = prefix.group(2) if prefix else None
        main = prefix.group(1) if prefix else main
        mark = MARK.match(line[prefix.end():] if prefix else line)
        if mark:
            note = (mark.group(4) or "").strip(" ()")
            threads.setdefault(thread, []).append(
                (mark.group(2), mark.group(3), note, line if number >= start else None))
    first = threads.pop(None, [])
    if first:
        threads[main] = first + threads.get(main, [])
    return threads


def expect_balance(events, suspended):
    """Each "<" closes the last ">" that is open, but for those that may be suspended and
    for frames that were there when tracing began."""
    stack = []
    for mark, name, note, line in events:
        if mark == ">":
            stack.append(name)
            continue
        open_names = stack if name in suspended else [each for each in stack
                                                      if each not in suspended]
        if name not in open_names or (name not in suspended and open_names[-1] != name):
            if line is None:
                continue
            raise Failure("%r closes none of %s" % (line, stack[-5:]))
        del stack[len(stack) - 1 - stack[::-1].index(name)]
    return [name for name in stack if name not in suspended]


def check_balance(case, interpreter, library):
    """Calls and returns belong together: with yields and resumes strictly, and by default,
    where generators are called once and return once."""
    command = command_of(case, interpreter, case.path)
    lines = {}
    for events in ("call,return,yield", ""):
        lines[events] = run(command, case.env, case.stdin, "/", library,
                            PYTRACE_EVENTS=events, PYTRACE_INCLUDE="@all").lines
    threads = [read_marks(each, case.path.lstrip("/") + ":") for each in lines.values()]
    notes = {note for events in threads[1].values() for _, _, note, _ in events}
    if notes & {"yield", "resume"}:
        raise Failure("by default there are %s" % notes)
    if not any(threads[0].values()):
        raise Failure("there is no call")
    suspended = {name for events in threads[0].values()
                 for _, name, note, _ in events if note == "yield"}
    for events in threads[0].values():
        expect_equal("functions that did not return", expect_balance(events, ()), [])
    for events in threads[1].values():
        expect_equal("functions that did not return", expect_balance(events, suspended), [])


# What is looked at in which folder.
FRAMEWORKS = [
    ("golden", CASES, check_golden),
    ("transparent", CASES, check_transparent),
    ("reference", CASES, check_reference),
    ("transparent", PROGRAMS, check_transparent),
    ("reference", PROGRAMS, check_reference),
    ("stdlib-trace", PROGRAMS, check_stdlib_trace),
    ("balance", PROGRAMS, check_balance),
]
