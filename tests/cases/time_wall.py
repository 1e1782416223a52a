print("tick")
# env: PYTRACE_TIME=wall
# trace:
#   ... time_wall.py:1  > <module>
#   ... time_wall.py:1  print("tick")
#   ... time_wall.py:1  < <module>
