class Shape:
    sides = 0

    @property
    def name(self):
        return type(self).__name__.lower()

    @staticmethod
    def scale(n):
        return n * 2


def decorate(function):
    def wrapped(*args):
        return function(*args)
    return wrapped


@decorate
def area(a, b):
    return (lambda x: x * b)(a)


print(area(2, 3), Shape().name, Shape.scale(2))
# env: PYTRACE_EVENTS=call,return
# trace:
#   nested_calls.py:1       > <module>
#   nested_calls.py:1       > Shape
#   nested_calls.py:9       < Shape
#   nested_calls.py:13      > decorate
#   nested_calls.py:16      < decorate
#   nested_calls.py:14      > decorate.<locals>.wrapped
#   nested_calls.py:19        > area
#   nested_calls.py:21          > area.<locals>.<lambda>
#   nested_calls.py:21          < area.<locals>.<lambda>
#   nested_calls.py:21        < area
#   nested_calls.py:15      < decorate.<locals>.wrapped
#   nested_calls.py:4       > Shape.name
#   nested_calls.py:6       < Shape.name
#   nested_calls.py:8       > Shape.scale
#   nested_calls.py:10      < Shape.scale
#   nested_calls.py:24      < <module>
