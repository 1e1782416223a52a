import gc
import sys


class Node:
    def __init__(self, next_node):
        self.next_node = next_node


def build(count):
    first = node = Node(None)
    for _ in range(count):
        node = Node(node)
    first.next_node = node
    return sys.getrefcount(node), sys.getrefcount(Node), sys.getrefcount(build)


def identities():
    seen = set()
    for number in range(50):
        names = {}
        exec("def made(): return %d" % number, names)
        names["made"]()
        seen.add(id(names["made"].__code__))
    return len(seen)


gc.collect()
print(build(10), sys.getrefcount(build.__code__), sys.getrefcount(None) > 1000)
print(gc.get_count()[1:], gc.collect(), len(gc.garbage), gc.isenabled())
print(identities() < 50)
collected = [stats["collections"] for stats in gc.get_stats()]
for _ in range(2000):
    build(1)
print([stats["collections"] - before
       for stats, before in zip(gc.get_stats(), collected)])
# needs: gil
# skip: reference
