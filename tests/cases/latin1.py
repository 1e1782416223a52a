# -*- coding: latin-1 -*-
name = "café"
print(len(name))
# env: PYTRACE_EVENTS=line
# trace:
#   latin1.py:2     name = "café"
#   latin1.py:3     print(len(name))
