def outside(a, b):
    def inside(c):
        d = lambda: (a, b, c)
        yield d
        yield e

    e = None
    return inside


def simple():
    yield 1


async def coroutine():
    return 1


def throw(generator):
    try:
        generator.throw(KeyError("x"))
    except KeyError:
        pass


def begun(generator):
    next(generator, None)
    return generator


throw(simple())
throw(outside(1, 2)(3))
throw(coroutine())
throw(begun(simple()))
throw(begun(outside(1, 2)(3)))
throw(generator for generator in [])
# env: PYTRACE_EVENTS=call,return,yield
# env: PYTRACE_EXCLUDE=::throw,::begun
# trace:
#   thrown.py:1     > <module>
#   thrown.py:11    > simple
#   thrown.py:11    < simple (exception)
#   thrown.py:1     > outside
#   thrown.py:8     < outside
#   thrown.py:2     > outside.<locals>.inside
#   thrown.py:2     < outside.<locals>.inside (exception)
#   thrown.py:15    > coroutine
#   thrown.py:15    < coroutine (exception)
#   thrown.py:11    > simple
#   thrown.py:12    < simple (yield)
#   thrown.py:12    > simple (resume)
#   thrown.py:12    < simple (exception)
#   thrown.py:1     > outside
#   thrown.py:8     < outside
#   thrown.py:2     > outside.<locals>.inside
#   thrown.py:4     < outside.<locals>.inside (yield)
#   thrown.py:4     > outside.<locals>.inside (resume)
#   thrown.py:4     < outside.<locals>.inside (exception)
#   thrown.py:36    > <genexpr>
#   thrown.py:36    < <genexpr> (exception)
#   thrown.py:36    < <module>
