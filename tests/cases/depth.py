def inner():
    return 1


def outer():
    return inner() + 1


print(outer())
# env: PYTRACE_DEPTH=2
# trace:
#   depth.py:1      > <module>
#   depth.py:1      def inner():
#   depth.py:5      def outer():
#   depth.py:9      print(outer())
#   depth.py:5      > outer
#   depth.py:6        return inner() + 1
#   depth.py:6      < outer
#   depth.py:9      < <module>
