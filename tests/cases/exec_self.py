import os
import sys

if len(sys.argv) == 1:
    os.execv(sys.executable, [sys.executable, "exec_self.py", "again"])
print("second")
# env: PYTRACE_EVENTS=line
# skip: reference
# trace:
#   exec_self.py:1          import os
#   exec_self.py:2          import sys
#   exec_self.py:4          if len(sys.argv) == 1:
#   exec_self.py:5              os.execv(sys.executable, [sys.executable, "exec_self.py", "again"])
#   exec_self.py:1          import os
#   exec_self.py:2          import sys
#   exec_self.py:4          if len(sys.argv) == 1:
#   exec_self.py:6          print("second")
