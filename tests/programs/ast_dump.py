import ast

SOURCE = '''
class Shop:
    """Sells."""
    @property
    def total(self):
        return sum(item.price * n for item, n in self.items if n > 0)

def main(*args, key=lambda x: x ** 2, **rest):
    with open("x") as f, lock:
        for line in f:
            yield key(line[1:-1:2]) if line else f"{line!r:>10}"
'''


class Names(ast.NodeVisitor):
    def __init__(self):
        self.found = []

    def visit_Name(self, node):
        self.found.append(node.id)


tree = ast.parse(SOURCE)
names = Names()
names.visit(tree)
assert "item" in names.found
assert "Shop" in ast.dump(tree)
ast.fix_missing_locations(ast.increment_lineno(tree, 3))
assert ast.literal_eval("[1, {'a': (2, None)}]") == [1, {"a": (2, None)}]
