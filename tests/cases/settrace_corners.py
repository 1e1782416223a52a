# What a tracer of the program's own can do: each prints what it is without the library.
import sys
import traceback

events = []


def record(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        events.append((event, frame.f_code.co_name, frame.f_lineno, frame.f_lasti))
    return record


def show(name, function, tracer):
    del events[:]
    sys.settrace(tracer)
    try:
        result = function()
    except BaseException as error:
        result = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    finally:
        left = sys.gettrace()
        sys.settrace(None)
    print("==", name, result, left is tracer, left and left.__name__)
    print(*events, sep="\n")


def work(n=2):
    total = 0
    for i in range(n):
        total += i
    return total


def generate():
    try:
        got = yield 1
        yield got
    except KeyError:
        yield from (3, 4)
    finally:
        events.append("closed")


def run_generators():
    first = generate()
    next(first), first.send(2)
    print(first.throw(KeyError()))
    first.close()
    del first
    return [x for x in generate()]


def no_lines(frame, event, arg):
    frame.f_trace_lines = False
    record(frame, event, arg)
    return no_lines


def opcodes(frame, event, arg):
    frame.f_trace_opcodes = True
    record(frame, event, arg)
    return opcodes


def only_calls(frame, event, arg):
    record(frame, event, arg)


def fails_at_call(frame, event, arg):
    record(frame, event, arg)
    raise ZeroDivisionError("at call")


def fails_at_line(frame, event, arg):
    record(frame, event, arg)
    if event == "line" and frame.f_code.co_name == "work":
        raise ZeroDivisionError("at line")
    return fails_at_line


def fails_at_return(frame, event, arg):
    record(frame, event, arg)
    if event == "return":
        raise ZeroDivisionError("at return")
    return fails_at_return


def fails_at_exception(frame, event, arg):
    record(frame, event, arg)
    if event == "exception":
        raise KeyError(str(arg[1]))
    return fails_at_exception


def raise_and_catch():
    try:
        [][1]
    except IndexError:
        return "caught"


def other(frame, event, arg):
    events.append(("other", event, frame.f_code.co_name, frame.f_lineno))
    return other


def swaps(frame, event, arg):
    record(frame, event, arg)
    if frame.f_code.co_name == "work" and event == "line":
        sys.settrace(other)
    return swaps


def ends(frame, event, arg):
    record(frame, event, arg)
    if frame.f_code.co_name == "work" and event == "line":
        sys.settrace(None)
    return ends


def call_work_twice():
    return work(1), work(1)


def jumps(frame, event, arg):
    record(frame, event, arg)
    if frame.f_code.co_name == "jump_over":
        try:
            # The second line is left out; there is no way to the first of the file.
            frame.f_lineno = start + 3 if frame.f_lineno == start + 2 else 1
        except ValueError as error:
            events.append(str(error))
    return jumps


def jump_over():
    events.append("one")
    events.append("two")
    events.append("three")
    return "jumped"


start = jump_over.__code__.co_firstlineno


def sets_locals(frame, event, arg):
    record(frame, event, arg)
    names = frame.f_locals
    if event == "line" and "total" in names:
        names["total"] = 100
        events.append(sorted(names.items()))
    return sets_locals


def nested_tracing(frame, event, arg):
    record(frame, event, arg)
    if event == "call" and frame.f_code.co_name == "work":
        events.append("in")
        sys.call_tracing(raise_and_catch, ())
        events.append("out")
    return nested_tracing


def outer_frame():
    set_in_caller()
    x = 1
    return x


def set_in_caller():
    frame = sys._getframe(1)
    frame.f_trace = record
    sys.settrace(only_calls)


def recursion():
    depth = 0

    def down():
        nonlocal depth
        depth += 1
        down()

    try:
        down()
    except RecursionError:
        return depth


def deep(frame, event, arg):
    return deep


class Counted:
    __name__ = "Counted"

    def __call__(self, frame, event, arg):
        return None

    def __del__(self):
        events.append(("deleted", sys.gettrace() and sys.gettrace().__name__))


def counts():
    tracer = Counted()
    before = sys.getrefcount(tracer)
    sys.settrace(tracer)
    during = sys.getrefcount(tracer)
    work(1)
    sys.settrace(None)
    after = sys.getrefcount(tracer)
    sys.settrace(tracer)
    del tracer
    sys.settrace(only_calls)
    return during - before, after - before


show("record", work, record)
show("generators", run_generators, record)
show("no lines", work, no_lines)
show("opcodes", work, opcodes)
show("only calls", work, only_calls)
show("fails at call", work, fails_at_call)
show("fails at line", work, fails_at_line)
show("fails at return", work, fails_at_return)
show("fails at exception", raise_and_catch, fails_at_exception)
show("swaps", call_work_twice, swaps)
show("ends", call_work_twice, ends)
show("jumps", jump_over, jumps)
show("sets locals", work, sets_locals)
show("nested tracing", work, nested_tracing)
show("outer frame", outer_frame, None)
show("recursion", recursion, deep)
show("counts", counts, None)
for call in (lambda: sys.settrace(), lambda: sys.settrace(1, 2), lambda: sys.gettrace(1),
             lambda: sys.settrace(function=None)):
    try:
        call()
    except TypeError as error:
        print(error)
show("not callable", work, 42)
for function in (sys.settrace, sys.gettrace):
    print(function, function.__doc__, function.__text_signature__, function.__module__,
          function.__self__, function.__qualname__)
# skip: reference
