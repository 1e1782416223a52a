import collections
import dataclasses
import enum
import functools
import typing


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


@dataclasses.dataclass(order=True)
class Item:
    price: float
    name: str = dataclasses.field(compare=False)
    sizes: typing.List[Size] = dataclasses.field(default_factory=list)

    def __post_init__(self):
        self.price = round(self.price, 2)


Pair = collections.namedtuple("Pair", "left right")


@functools.total_ordering
class Age:
    def __init__(self, years):
        self.years = years

    def __eq__(self, other):
        return self.years == other.years

    def __lt__(self, other):
        return self.years < other.years


items = [Item(3.14159, "tea"), Item(2, "bun", [Size.LARGE])]
assert min(items).name == "bun"
assert dataclasses.asdict(items[1])["sizes"] == [Size.LARGE]
assert dataclasses.replace(items[0], name="rum").price == 3.14
assert Pair(1, right=2)._replace(left=3) == (3, 2)
assert Age(3) >= Age(2)
assert repr(Size(2)) and Size["SMALL"] is Size.SMALL
