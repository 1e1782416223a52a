def fail(depth):
    if depth:
        fail(depth - 1)
    raise ValueError("nobody catches this")


try:
    fail(2)
except ValueError as error:
    raise KeyError("nor this") from error
# skip: reference
