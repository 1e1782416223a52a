import _thread
import sys
import threading
import time


def fail(n, key=None):
    raise ValueError("in thread %d %s" % (n, key))


class Failing:
    def __call__(self, n, key=None):
        fail(n, key)

    def __repr__(self):
        return "<failing>"


for bad in ((1, ()), (fail, 3), (fail, (), 4), ()):
    try:
        _thread.start_new_thread(*bad)
    except TypeError as error:
        print(error)
worker = threading.Thread(target=fail, args=(2,), name="worker")
worker.start()
worker.join()
print(_thread.start_new_thread.__name__, _thread.start_new_thread.__module__,
      _thread.start_new_thread, _thread.start_new_thread.__doc__[:20],
      _thread.start_new is not None, _thread.start_new_thread.__self__.__name__)
reported = threading.Event()


def report(unraisable):
    sys.__unraisablehook__(unraisable)
    reported.set()


sys.unraisablehook = report
_thread.start_new_thread(_thread.exit, ())
time.sleep(0.1)
_thread.start_new_thread(Failing(), (3,), {"key": "word"})
reported.wait(60)
# skip: reference
