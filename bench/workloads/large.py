# SPDX-License-Identifier: MIT
"""One function of 5,000 lines."""

import os
import sys

SIZE = 20
LINES = 5000

functions = []


def make():
    folder = os.environ["PT_BENCH_SCRATCH"]
    path = os.path.join(folder, "bench_large.py")
    if not os.path.exists(path):
        with open(path + ".new", "w") as file:
            file.write("def function(x):\n" + "    x = x + 1 & 255\n" * LINES)
            file.write("    return x\n")
        os.rename(path + ".new", path)
    sys.path.append(folder)
    import bench_large
    functions.append(bench_large.function)


def main(size):
    if not functions:
        make()
    for i in range(size):
        functions[0](i)
