import sys

lines = []


def tracer(frame, event, arg):
    lines.append((event, frame.f_lineno))
    return tracer


def traced():
    total = 0
    for i in range(2):
        total += i
    return total


sys.settrace(tracer)
traced()
sys.settrace(None)
print(lines, sys.gettrace())
# versions: 3.12-
# skip: reference
