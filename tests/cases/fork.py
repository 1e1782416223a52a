import os
import sys

pid = os.fork()
if pid == 0:
    print("child", flush=True)
    os._exit(7)
status = os.waitpid(pid, 0)[1]
print("parent", os.WEXITSTATUS(status))
# env: PYTRACE_EVENTS=line
# skip: reference
