# SPDX-License-Identifier: MIT
"""Runs a script exactly as "python -m trace --trace SCRIPT" does, but without tracing it.

Its name is that of the module it stands in for, since the name shows in traces.
"""

import sys

del sys.path[0]  # where this file is, to get the real one

import runpy
import trace


def run_untraced(self, code, names, locals):
    exec(code, names, locals)


sys.path.insert(0, "")
sys.argv.insert(1, "--trace")
trace.Trace.runctx = run_untraced
trace.main()
