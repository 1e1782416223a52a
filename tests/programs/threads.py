import queue
import threading


def work(tasks, results):
    while True:
        task = tasks.get()
        if task is None:
            return
        results.append(task * 2)


def run_one(numbers):
    tasks, results = queue.Queue(), []
    for number in numbers:
        tasks.put(number)
    tasks.put(None)
    worker = threading.Thread(target=work, args=(tasks, results))
    worker.start()
    worker.join()
    return results


assert run_one([1, 2, 3]) == [2, 4, 6]
assert run_one(range(5)) == [0, 2, 4, 6, 8]
local = threading.local()
local.value = 1
lock = threading.RLock()
with lock, lock:
    assert local.value == 1
# Whether a thread waits for another's start is a matter of speed.
# compare: script
