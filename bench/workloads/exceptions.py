# SPDX-License-Identifier: MIT
"""Exceptions that pass through three frames."""

SIZE = 60_000


def fail(number):
    raise ValueError(number)


def middle(number):
    fail(number)


def main(size):
    caught = 0
    for i in range(size):
        try:
            middle(i)
        except ValueError:
            caught += 1
    return caught
