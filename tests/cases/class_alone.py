class Cart:
    size = 1

    class Item:
        price = 2


def make():
    class Made: size = 3
    return Made


make()
# The rules leave out the code around the classes: their own first lines show the text.
# env: PYTRACE_INCLUDE=::Cart,::Made
# env: PYTRACE_EVENTS=line,call,return
# trace:
#   class_alone.py:1        > Cart
#   class_alone.py:1        class Cart:
#   class_alone.py:2        size = 1
#   class_alone.py:4        class Item:
#   class_alone.py:4        > Cart.Item
#   class_alone.py:5          price = 2
#   class_alone.py:5        < Cart.Item
#   class_alone.py:4        < Cart
#   class_alone.py:9        > make.<locals>.Made
#   class_alone.py:9        class Made: size = 3
#   class_alone.py:9        < make.<locals>.Made
