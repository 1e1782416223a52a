import _thread
import collections

done = _thread.allocate_lock()
results = collections.deque()


def work(name, count):
    for number in range(count):
        results.append((name, number))
    done.release()


for name in ("ada", "bob"):
    done.acquire()
    _thread.start_new_thread(work, (name,), {"count": 2})
    done.acquire()
    done.release()
assert len(results) == 4
# sys.settrace does not see these threads at all.
# skip: reference recorded
