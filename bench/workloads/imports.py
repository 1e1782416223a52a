# SPDX-License-Identifier: MIT
"""Import of a large tree: packages with modules that have a few classes each."""

import importlib
import os
import sys

SIZE = 3
PACKAGES = 20
MODULES = 20

MODULE = '''
import os

LIMIT = %d


class Thing:
    name = "thing"

    def __init__(self, value):
        self.value = value

    def double(self):
        return self.value * 2


def make(count):
    return [Thing(i) for i in range(count)]


things = make(4)
'''


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def make(top):
    os.makedirs(top)
    write(os.path.join(top, "__init__.py"), "".join(
        "from . import package%d\n" % i for i in range(PACKAGES)))
    for i in range(PACKAGES):
        folder = os.path.join(top, "package%d" % i)
        os.mkdir(folder)
        write(os.path.join(folder, "__init__.py"), "".join(
            "from .module%d import Thing as Thing%d\n" % (j, j) for j in range(MODULES)))
        for j in range(MODULES):
            write(os.path.join(folder, "module%d.py" % j), MODULE % j)


def main(size):
    folder = os.environ["PT_BENCH_SCRATCH"]
    top = os.path.join(folder, "bench_tree")
    if not os.path.exists(top):
        make(top)
    if folder not in sys.path:
        sys.path.append(folder)
    for _ in range(size):
        for name in [name for name in sys.modules if name.startswith("bench_tree")]:
            del sys.modules[name]
        importlib.import_module("bench_tree")
