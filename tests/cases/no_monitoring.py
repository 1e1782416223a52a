import sys

del sys.monitoring


def fail():
    raise ValueError("no events any more")


try:
    fail()
except ValueError as error:
    print(error)
# versions: 3.12-
# skip: golden reference
