# SPDX-License-Identifier: MIT
"""Functions that are generated, called once and dropped; for peak memory."""

SIZE = 1000

SOURCE = """
def function(x):
    y = x + %d
    return y
"""


def main(size):
    for i in range(size):
        names = {}
        exec(SOURCE % i, names)
        names["function"](i)
