"""What a tracer looks up leaves nothing in the interpreter's cache of attributes, whose
free entries refer to None."""
import sys


def fail():
    try:
        raise KeyError(1)
    except KeyError:
        pass


def numbers():
    yield 1


def work(count):
    for _ in range(count):
        fail()
        sum(numbers())


work(10)
before = sys.getrefcount(None)
work(1000)
print(abs(sys.getrefcount(None) - before) < 60)
# env: PYTRACE_EVENTS=all
# skip: golden
