# SPDX-License-Identifier: MIT
"""Many small calls: functions and methods."""

SIZE = 120_000


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def norm(self):
        return square(self.x) + square(self.y)


def square(number):
    return number * number


def main(size):
    total = 0
    for i in range(size):
        point = Point(i, 1)
        total += point.norm()
    return total
