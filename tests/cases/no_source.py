code = compile("x = 1\ny = x + 1\n", "gone.py", "exec")
exec(code, {"__name__": "gone"})
# env: PYTRACE_EVENTS=line
# trace:
#   no_source.py:1  code = compile("x = 1\ny = x + 1\n", "gone.py", "exec")
#   no_source.py:2  exec(code, {"__name__": "gone"})
#   gone.py:1
#   gone.py:2
