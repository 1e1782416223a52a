# SPDX-License-Identifier: MIT
"""A tight loop."""

SIZE = 600_000


def main(size):
    total = 0
    for i in range(size):
        total += i
        total ^= 7
        total &= 0xffff
    return total
