import sys


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


def limit():
    low, high = 1, 100000
    while low + 1 < high:
        middle = (low + high) // 2
        try:
            deep(middle)
            low = middle
        except RecursionError:
            high = middle
    return low


print(limit(), sys.getrecursionlimit())
# In 3.11 any C trace function takes one level away.
# versions: 3.8-3.10,3.12-
# skip: reference
