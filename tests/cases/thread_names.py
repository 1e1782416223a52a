import threading


def work():
    print("working")


worker = threading.Thread(target=work, name="the worker")
worker.start()
worker.join()
print("done")
# env: PYTRACE_EVENTS=line
# needs: gil
# skip: reference
# trace:
#   thread_names.py:1       import threading
#   thread_names.py:4       def work():
#   thread_names.py:8       worker = threading.Thread(target=work, name="the worker")
#   thread_names.py:9       worker.start()
#   [PID TID the worker] thread_names.py:5       print("working")
#   [PID TID MainThread] thread_names.py:10      worker.join()
#   [PID TID MainThread] thread_names.py:11      print("done")
