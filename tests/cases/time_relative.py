print("tick")
# env: PYTRACE_TIME=relative
# trace:
#   ... time_relative.py:1      > <module>
#   ... time_relative.py:1      print("tick")
#   ... time_relative.py:1      < <module>
