"""Opcode events of the program's own tracer, wanted before it is set and afterwards."""
import sys

events = []


def tracer(frame, event, arg):
    if frame.f_code.co_name in ("before", "after"):
        events.append((event, frame.f_lasti))
    return tracer


def before():
    frame = sys._getframe()
    frame.f_trace = tracer
    frame.f_trace_opcodes = True
    sys.settrace(tracer)
    x = 1
    sys.settrace(None)
    return x


def after():
    sys.settrace(tracer)
    frame = sys._getframe()
    frame.f_trace = tracer
    frame.f_trace_opcodes = True
    x = 1
    sys.settrace(None)
    return x


for function in (before, after, before):
    function()
    print(function.__name__, events)
    del events[:]
# skip: reference
