import sys

print("out", flush=True)
print("err", file=sys.stderr, flush=True)
# env: PYTRACE_OUTPUT=stderr
# env: PYTRACE_EVENTS=line
# skip: transparent reference
# stderr:
#   to_stderr.py:1          import sys
#   to_stderr.py:3          print("out", flush=True)
#   to_stderr.py:4          print("err", file=sys.stderr, flush=True)
#   err
