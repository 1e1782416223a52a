print("runs all the same")
# env: PYTRACE_OUTPUT=/nonexistent/folder/trace
# env: PYTRACE_EVENTS=line
# skip: transparent reference
# stderr:
#   libpytrace: PYTRACE_OUTPUT: cannot write to '/nonexistent/folder/trace': No such file or directory; tracing to stderr
#   bad_output.py:1         print("runs all the same")
