import contextlib


class Refused(Exception):
    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def inner(kind):
    if kind == "refused":
        raise Refused("no")
    if kind == "division":
        return 1 // 0
    if kind == "chain":
        try:
            {}["x"]
        except KeyError as error:
            raise ValueError("bad") from error
    return kind


def middle(kind):
    try:
        return inner(kind)
    except Refused as refusal:
        return refusal.reason
    finally:
        str(kind)


def outer(kind):
    try:
        result = middle(kind)
    except (ZeroDivisionError, ValueError) as error:
        text = "%s: %s" % (type(error).__name__, error)
        with contextlib.suppress(OSError):
            raise OSError(2, text)
        return text.count("Error")
    else:
        return result


assert outer("refused") == "no"
assert outer("division") >= 1
assert outer("chain") >= 1
assert outer("fine") == "fine"
for attempt in range(3):
    try:
        if attempt == 1:
            continue
        if attempt == 2:
            break
    finally:
        attempt += 10
try:
    assert False, "message"
except AssertionError:
    pass
