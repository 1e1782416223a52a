import sys
import threading

events = {}


def tracer(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        name = threading.current_thread().name
        events.setdefault(name, []).append((event, frame.f_code.co_name, frame.f_lineno))
    return tracer


def work(n):
    for i in range(n):
        n += i
    return n


def run(name, n):
    thread = threading.Thread(target=work, args=(n,), name=name)
    thread.start()
    thread.join()


threading.settrace(tracer)
run("first", 2)
run("second", 3)
threading.settrace(None)
run("third", 2)
for name in sorted(events):
    print(name, *events[name], sep="\n")
print(sys.gettrace())
# skip: reference
