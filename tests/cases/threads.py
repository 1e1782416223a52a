import _thread

lock = _thread.allocate_lock()
lock.acquire()


def work():
    print("working")
    lock.release()


_thread.start_new_thread(work, ())
lock.acquire()
print("done")
# skip: reference
# needs: gil
# trace:
#   threads.py:1    > <module>
#   threads.py:1    import _thread
#   threads.py:3    lock = _thread.allocate_lock()
#   threads.py:4    lock.acquire()
#   threads.py:7    def work():
#   threads.py:12   _thread.start_new_thread(work, ())
#   threads.py:13   lock.acquire()
#   [PID TID] threads.py:7    > work
#   [PID TID] threads.py:8    print("working")
#   [PID TID] threads.py:9    lock.release()
#   [PID TID] threads.py:9    < work
#   ... threads.py:14   print("done")
#   ... threads.py:14   < <module>
