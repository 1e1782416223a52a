import asyncio


class Numbers:
    def __init__(self):
        self.left = [1]

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration("no more")
        return self.left.pop()


async def add(a, b):
    return a + b


async def main():
    loop = asyncio.get_running_loop()
    later = loop.create_future()
    loop.call_soon(later.set_result, 3)
    await add(1, 2)
    await later
    await asyncio.sleep(0)
    task = asyncio.ensure_future(caught())
    await asyncio.sleep(0)
    task.cancel()
    await task


async def caught():
    return await catching()


async def catching():
    try:
        await asyncio.sleep(9)
    except asyncio.CancelledError:
        return "caught"


def generate():
    yield from Numbers()
    yield from inner()
    for _ in Numbers():
        pass
    try:
        next(iter([]))
    except StopIteration:
        pass


def inner():
    try:
        yield 1
    except StopIteration:
        yield 2
    return "done"


asyncio.run(main())
list(generate())
one = inner()
next(one)
one.throw(StopIteration("thrown")), next(one, None)
# env: PYTRACE_EVENTS=exception
# skip: reference
# trace:
#   awaits.py:40      ! CancelledError
#   awaits.py:13        ! StopIteration: no more
#   awaits.py:13        ! StopIteration: no more
#   awaits.py:48      ! StopIteration: no more
#   awaits.py:51      ! StopIteration
#   awaits.py:58      ! StopIteration: thrown
