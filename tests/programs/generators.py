import contextlib
import itertools


def countdown(n):
    while n:
        try:
            got = yield n
        except KeyError:
            got = -1
        n -= 1 if got is None else 2


def chained(n):
    result = yield from countdown(n)
    yield result


@contextlib.contextmanager
def noted(log):
    log.append("in")
    try:
        yield log
    finally:
        log.append("out")


def forever():
    try:
        while True: yield
    finally:
        pass


assert list(chained(3)) == [3, 2, 1, None]
generator = countdown(9)
assert next(generator) == 9
assert generator.send(1) == 7
assert generator.throw(KeyError) == 5
generator.close()
with noted([]) as log:
    log.append("on")
assert log == ["in", "on", "out"]
endless = forever()
next(endless)
del endless
try:
    with noted(log):
        raise RuntimeError("x")
except RuntimeError:
    pass
squares = (x * x for x in range(5) if x % 2)
assert sum(squares) == 10
table = {(x, y): x ^ y for x in range(2) for y in range(2)}
flat = [y for x in [[1, 2], [3]] for y in x]
for pair in itertools.product("ab", repeat=2): assert len(pair) == 2
n = 3
while n: n -= 1
assert (lambda *a: [b for b in a])(1, 2) == [1, 2]
