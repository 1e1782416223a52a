import asyncio


async def numbers(count):
    for number in range(count):
        yield number


class Guard:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *details):
        return False


# Kept, so that the time at which they end does not depend on who else refers to them.
KEPT = [numbers(3), numbers(2)]


async def produce(queue):
    async with Guard():
        async for number in KEPT[0]:
            await queue.put(number)
    await queue.put(None)


async def consume(queue):
    total = 0
    while True:
        number = await queue.get()
        if number is None:
            return total
        total += number


async def main():
    queue = asyncio.Queue(1)
    tasks = [asyncio.ensure_future(produce(queue)), asyncio.ensure_future(consume(queue))]
    KEPT.extend(tasks)
    _, total = await asyncio.gather(*tasks)
    assert total == 3
    assert [n async for n in KEPT[1]] == [0, 1]
    task = asyncio.ensure_future(asyncio.Event().wait())
    KEPT.append(task)
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass


loop = asyncio.new_event_loop()
KEPT.append(loop.create_task(main()))
loop.run_until_complete(KEPT[-1])
loop.close()
