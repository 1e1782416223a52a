# SPDX-License-Identifier: MIT
"""As many lines as asked for; for time and memory that do not grow."""

SIZE = 100_000


def main(size):
    i = 0
    while i < size:
        i += 2
