import asyncio
import threading


async def work():
    return 1


def run():
    loop = asyncio.new_event_loop()
    task = loop.create_task(work())
    task.set_name("task " * 9)
    loop.run_until_complete(task)
    loop.close()


worker = threading.Thread(target=run, name="a" * 31 + "\u00e9" * 9)
worker.start()
worker.join()
# env: PYTRACE_EVENTS=line
# env: PYTRACE_TASK=1
# env: PYTRACE_TIME=wall
# env: PYTRACE_INCLUDE=long_names.py::run,long_names.py::work
# needs: gil
# skip: reference
# trace:
#   [PID TID aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa] ...:...:... long_names.py:10 ... loop = asyncio.new_event_loop()
#   [PID TID aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa] ...:...:... long_names.py:11 ... task = loop.create_task(work())
#   [PID TID aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa] ...:...:... long_names.py:12 ... task.set_name("task " * 9)
#   [PID TID aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa] ...:...:... long_names.py:13 ... loop.run_until_complete(task)
#   [PID TID aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa] (task task task task task task ta) ...:...:... long_names.py:6 ... return 1
#   [PID TID aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa] ...:...:... long_names.py:14 ... loop.close()
