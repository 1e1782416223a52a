# SPDX-License-Identifier: MIT
"""Runs a script as __main__, and with "settrace" writes the lines that it runs to a file.

    reference.py settrace OUTPUT SCRIPT [ARGUMENT ...]
    reference.py plain OUTPUT SCRIPT [ARGUMENT ...]

Either way the same lines run, so that the tracer's lines of "plain" can be compared with
what sys.settrace reports in "settrace".
"""

import gc
import os
import sys
import threading

seen = []


def trace(frame, event, arg):
    if event == "line":
        seen.append((threading.get_native_id(), frame.f_code.co_filename, frame.f_lineno))
    return trace


def main():
    gc.disable()  # what it finds, and when, depends on what the reference allocates
    mode, output, script = sys.argv[1:4]
    del sys.argv[:3]
    sys.path[0] = os.path.dirname(script)
    with open(script, "rb") as file:
        code = compile(file.read(), script, "exec")
    module = type(sys)("__main__")
    module.__file__ = script
    sys.modules["__main__"] = module
    if mode == "settrace":
        threading.settrace(trace)
        sys.settrace(trace)
    try:
        exec(code, module.__dict__)
    except SystemExit:
        sys.settrace(None)
    finally:
        sys.settrace(None)
        threading.settrace(None)
    if mode == "settrace":
        with open(output, "w", encoding="utf-8", errors="surrogateescape") as file:
            for thread, name, line in seen:
                file.write("%d %d %s\n" % (thread, line, name))


main()
