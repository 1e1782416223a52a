import atexit
import weakref


class Late:
    def __del__(self):
        print("deleted")


late = Late()
other = Late()
weakref.finalize(other, print, "finalized")
atexit.register(print, "at exit")
# env: PYTRACE_EVENTS=call
# skip: reference
