import sys

events = []


def tracer(frame, event, arg):
    events.append((event, frame.f_code.co_name, frame.f_lineno))
    return tracer


def total(items):
    result = 0
    for item in items:
        result += item
    return result


def count():
    yield 1
    yield 2


def fail():
    try:
        raise ValueError("no")
    except ValueError:
        return -1


print(sys.gettrace())
sys.settrace(tracer)
print(sys.gettrace() is tracer)
total([1, 2])
list(count())
fail()
sys.settrace(None)
print(sys.gettrace())
total([3])
print(*events, sep="\n")
# skip: reference
# env: PYTRACE_EVENTS=line
# env: PYTRACE_INCLUDE=@script
# trace:
#   settrace.py:1   import sys
#   settrace.py:3   events = []
#   settrace.py:6   def tracer(frame, event, arg):
#   settrace.py:11  def total(items):
#   settrace.py:18  def count():
#   settrace.py:23  def fail():
#   settrace.py:30  print(sys.gettrace())
#   settrace.py:31  sys.settrace(tracer)
#   settrace.py:32  print(sys.gettrace() is tracer)
#   settrace.py:33  total([1, 2])
#   settrace.py:12    result = 0
#   settrace.py:13    for item in items:
#   settrace.py:14        result += item
#   settrace.py:13    for item in items:
#   settrace.py:14        result += item
#   settrace.py:13    for item in items:
#   settrace.py:15    return result
#   settrace.py:34  list(count())
#   settrace.py:19    yield 1
#   settrace.py:20    yield 2
#   settrace.py:35  fail()
#   settrace.py:24    try:
#   settrace.py:25        raise ValueError("no")
#   settrace.py:26    except ValueError:
#   settrace.py:27        return -1
#   settrace.py:36  sys.settrace(None)
#   settrace.py:37  print(sys.gettrace())
#   settrace.py:38  total([3])
#   settrace.py:12    result = 0
#   settrace.py:13    for item in items:
#   settrace.py:14        result += item
#   settrace.py:13    for item in items:
#   settrace.py:15    return result
#   settrace.py:39  print(*events, sep="\n")
