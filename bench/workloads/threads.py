# SPDX-License-Identifier: MIT
"""Four threads that take turns."""

import threading

SIZE = 160_000
THREADS = 4


def step(number):
    return number + 1


def work(size):
    total = 0
    for i in range(size):
        total += step(i)
    return total


def main(size):
    threads = [threading.Thread(target=work, args=(size // THREADS + 1,))
               for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
