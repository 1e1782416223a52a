# A tracer in C: it is set by PyEval_SetTrace, not by sys.settrace.
import ctypes
import sys

LINE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
                        ctypes.c_void_p)
set_trace = ctypes.pythonapi.PyEval_SetTrace
set_trace.restype = None
set_trace.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
events = []


def record(self, frame, what, arg):
    frame = ctypes.cast(frame, ctypes.py_object).value
    events.append((what, frame.f_code.co_name, frame.f_lineno))
    if frame.f_code.co_name == "stop":
        set_trace(None, None)
    return 0


recorder = LINE(record)
function = ctypes.cast(recorder, ctypes.c_void_p)


def work(n):
    for i in range(n):
        n += i
    return n


def stop():
    return sys.gettrace()


set_trace(function, id(events))
work(1)
print(sys.gettrace() is events)
set_trace(None, None)
work(1)
set_trace(function, id(events))
work(0)
print(stop())
work(1)
print(sys.gettrace())
print(*events, sep="\n")
# env: PYTRACE_EVENTS=line
# env: PYTRACE_INCLUDE=@script
# skip: reference
# trace:
#   settrace_c.py:2         import ctypes
#   settrace_c.py:3         import sys
#   settrace_c.py:5         LINE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
#   settrace_c.py:6                                 ctypes.c_void_p)
#   settrace_c.py:5         LINE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
#   settrace_c.py:7         set_trace = ctypes.pythonapi.PyEval_SetTrace
#   settrace_c.py:8         set_trace.restype = None
#   settrace_c.py:9         set_trace.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
#   settrace_c.py:10        events = []
#   settrace_c.py:13        def record(self, frame, what, arg):
#   settrace_c.py:21        recorder = LINE(record)
#   settrace_c.py:22        function = ctypes.cast(recorder, ctypes.c_void_p)
#   settrace_c.py:25        def work(n):
#   settrace_c.py:31        def stop():
#   settrace_c.py:35        set_trace(function, id(events))
#   settrace_c.py:36        work(1)
#   settrace_c.py:26          for i in range(n):
#   settrace_c.py:27              n += i
#   settrace_c.py:26          for i in range(n):
#   settrace_c.py:28          return n
#   settrace_c.py:37        print(sys.gettrace() is events)
#   settrace_c.py:38        set_trace(None, None)
#   settrace_c.py:39        work(1)
#   settrace_c.py:26          for i in range(n):
#   settrace_c.py:27              n += i
#   settrace_c.py:26          for i in range(n):
#   settrace_c.py:28          return n
#   settrace_c.py:40        set_trace(function, id(events))
#   settrace_c.py:41        work(0)
#   settrace_c.py:26          for i in range(n):
#   settrace_c.py:28          return n
#   settrace_c.py:42        print(stop())
#   settrace_c.py:32          return sys.gettrace()
#   settrace_c.py:43        work(1)
#   settrace_c.py:26          for i in range(n):
#   settrace_c.py:27              n += i
#   settrace_c.py:26          for i in range(n):
#   settrace_c.py:28          return n
#   settrace_c.py:44        print(sys.gettrace())
#   settrace_c.py:45        print(*events, sep="\n")
