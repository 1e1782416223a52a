# SPDX-License-Identifier: MIT
"""Runs a workload in the interpreter to be measured, and notes what that took.

child.py FOLDER WORKLOAD SIZE PASSES RESULT OUTPUT PEER. The result is a line of JSON: of
each pass the seconds by the clock and those of CPU; the bytes that it added to OUTPUT, the
trace; the peak memory in KiB. A first pass that is not timed warms up.
"""

import os
import sys
import time


def start_hunter(main, output):
    import hunter
    hunter.trace(action=hunter.CodePrinter(stream=open(output, "w")))
    return main


def start_snooper(main, output):
    import pysnooper
    return pysnooper.snoop(output, depth=1_000_000)(main)


def start_viztracer(main, output):
    import viztracer
    viztracer.VizTracer(verbose=0, output_file=output).start()
    return main


PEERS = {"hunter": start_hunter, "PySnooper": start_snooper,
         "viztracer": start_viztracer}


def size_of(path):
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def peak_memory():
    """Of this program alone: ru_maxrss would count the process that started it."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def measure(main, size, passes, output):
    times = []
    before = size_of(output)
    for _ in range(passes):
        wall, cpu = time.perf_counter(), time.process_time()
        main(size)
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return times, size_of(output) - before


def run(folder, workload, size, passes, result, output, peer=""):
    sys.path.insert(0, os.path.join(folder, "workloads"))
    main = __import__(workload).main
    if peer:
        main = PEERS[peer](main, output)
    size = int(size)
    main(size)
    times, added = measure(main, size, int(passes), output)
    peak = peak_memory()
    with open(result, "w") as file:
        file.write('{"times": %s, "bytes": %d, "peak": %d}\n' % (
            str([list(pair) for pair in times]), added, peak))
    if peer:
        os._exit(0)


run(*sys.argv[1:])
