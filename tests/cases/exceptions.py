class Odd(Exception):
    def __str__(self):
        print("never called by a tracer")
        return "odd"


def fail(kind):
    raise kind("what now?")


def guard(kind):
    try:
        fail(kind)
    finally:
        print("done")


for kind in (ValueError, Odd):
    try:
        guard(kind)
    except Exception as error:
        print(type(error).__name__)
try:
    open("/nonexistent/file")
except OSError:
    pass
try:
    {}["key"]
except KeyError:
    pass
# env: PYTRACE_EVENTS=call,return,exception
# trace:
#   exceptions.py:1         > <module>
#   exceptions.py:1         > Odd
#   exceptions.py:2         < Odd
#   exceptions.py:11        > guard
#   exceptions.py:7           > fail
#   exceptions.py:8             ! ValueError: what now?
#   exceptions.py:8           < fail (exception)
#   exceptions.py:13          ! ValueError: what now?
#   exceptions.py:15        < guard (exception)
#   exceptions.py:20        ! ValueError: what now?
#   exceptions.py:11        > guard
#   exceptions.py:7           > fail
#   exceptions.py:8             ! Odd
#   exceptions.py:8           < fail (exception)
#   exceptions.py:13          ! Odd
#   exceptions.py:15        < guard (exception)
#   exceptions.py:20        ! Odd
#   exceptions.py:24        ! FileNotFoundError: [Errno 2] No such file or directory: '/nonexistent/file'
#   exceptions.py:28        ! KeyError: 'key'
#   exceptions.py:30        < <module>
