def greet():
    raise ValueError("no")


try:
    greet()
except ValueError:
    import abc
# env: PYTRACE_COLOR=always
# trace:
#   [2mcolor.py:1[0m      [36m> <module>[0m
#   [2mcolor.py:1[0m      def greet():
#   [2mcolor.py:5[0m      try:
#   [2mcolor.py:6[0m          greet()
#   [2mcolor.py:1[0m      [36m> greet[0m
#   [2mcolor.py:2[0m        raise ValueError("no")
#   [2mcolor.py:2[0m        [31m! ValueError: no[0m
#   [2mcolor.py:2[0m      [36m< greet (exception)[0m
#   [2mcolor.py:6[0m      [31m! ValueError: no[0m
#   [2mcolor.py:7[0m      except ValueError:
#   [2mcolor.py:8[0m          import abc
#   [2mcolor.py:8[0m      [36m< <module>[0m
