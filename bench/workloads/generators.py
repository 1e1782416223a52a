# SPDX-License-Identifier: MIT
"""Generators, and one that delegates to another."""

SIZE = 100_000


def count(limit):
    number = 0
    while number < limit:
        yield number
        number += 1


def delegate(limit):
    yield from count(limit)


def main(size):
    total = 0
    for number in count(size):
        total += number
    for number in delegate(size):
        total += number
    return total
