import asyncio


async def count(name):
    for _ in range(2):
        await asyncio.sleep(0)
    return name


async def main():
    first = asyncio.ensure_future(count("a"))
    first.set_name("fir\nst")
    print(await asyncio.gather(first, count("b")))


def callback():
    return "no task"


loop = asyncio.new_event_loop()
loop.call_soon(callback)
loop.run_until_complete(main())
loop.close()
# env: PYTRACE_TASK=1
# env: PYTRACE_EVENTS=line
# skip: reference
# trace:
#   tasks.py:1      import asyncio
#   tasks.py:4      async def count(name):
#   tasks.py:10     async def main():
#   tasks.py:16     def callback():
#   tasks.py:20     loop = asyncio.new_event_loop()
#   tasks.py:21     loop.call_soon(callback)
#   tasks.py:22     loop.run_until_complete(main())
#   tasks.py:17       return "no task"
#   (Task-1) tasks.py:11       first = asyncio.ensure_future(count("a"))
#   (Task-1) tasks.py:12       first.set_name("fir\nst")
#   (Task-1) tasks.py:13       print(await asyncio.gather(first, count("b")))
#   (fir st) tasks.py:5        for _ in range(2):
#   (fir st) tasks.py:6            await asyncio.sleep(0)
#   (Task-3) tasks.py:5        for _ in range(2):
#   (Task-3) tasks.py:6            await asyncio.sleep(0)
#   (fir st) tasks.py:5        for _ in range(2):
#   (fir st) tasks.py:6            await asyncio.sleep(0)
#   (Task-3) tasks.py:5        for _ in range(2):
#   (Task-3) tasks.py:6            await asyncio.sleep(0)
#   (fir st) tasks.py:5        for _ in range(2):
#   (fir st) tasks.py:7        return name
#   (Task-3) tasks.py:5        for _ in range(2):
#   (Task-3) tasks.py:7        return name
#   tasks.py:23     loop.close()
