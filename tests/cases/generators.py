def count(n):
    for i in range(n):
        yield i


def chain(n):
    result = yield from count(n)
    return result


async def fetch():
    return 1


async def main():
    return await fetch()


for value in chain(2):
    print(value)
try:
    main().send(None)
except StopIteration as stop:
    print(stop.value)
generator = count(5)
next(generator)
try:
    generator.throw(KeyError("x"))
except KeyError:
    pass
# env: PYTRACE_EVENTS=call,return,yield
# trace:
#   generators.py:1         > <module>
#   generators.py:6         > chain
#   generators.py:1           > count
#   generators.py:3           < count (yield)
#   generators.py:7         < chain (yield)
#   generators.py:7         > chain (resume)
#   generators.py:3           > count (resume)
#   generators.py:3           < count (yield)
#   generators.py:7         < chain (yield)
#   generators.py:7         > chain (resume)
#   generators.py:3           > count (resume)
#   generators.py:2           < count
#   generators.py:8         < chain
#   generators.py:15        > main
#   generators.py:11          > fetch
#   generators.py:12          < fetch
#   generators.py:16        < main
#   generators.py:1         > count
#   generators.py:3         < count (yield)
#   generators.py:3         > count (resume)
#   generators.py:3         < count (exception)
#   generators.py:30        < <module>
