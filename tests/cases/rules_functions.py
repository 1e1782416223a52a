class Cart:
    def __init__(self):
        self.items = []

    def add(self, name):
        def key():
            return len(name)
        self.items.append((key(), name))

    def test_slow_add(self):
        self.add("x" * 9)


def test_add():
    cart = Cart()
    cart.add("tea")
    cart.test_slow_add()


test_add()
# env: PYTRACE_INCLUDE=rules_functions.py::Cart.*,::test_*
# env: PYTRACE_EXCLUDE=::test_slow*
# env: PYTRACE_EVENTS=line,call
# trace:
#   rules_functions.py:14   > test_add
#   rules_functions.py:15   cart = Cart()
#   rules_functions.py:2    > Cart.__init__
#   rules_functions.py:3      self.items = []
#   rules_functions.py:16   cart.add("tea")
#   rules_functions.py:5    > Cart.add
#   rules_functions.py:6      def key():
#   rules_functions.py:8      self.items.append((key(), name))
#   rules_functions.py:6      > Cart.add.<locals>.key
#   rules_functions.py:7        return len(name)
#   rules_functions.py:17   cart.test_slow_add()
#   rules_functions.py:5    > Cart.add
#   rules_functions.py:6      def key():
#   rules_functions.py:8      self.items.append((key(), name))
#   rules_functions.py:6      > Cart.add.<locals>.key
#   rules_functions.py:7        return len(name)
