import sys

sys.path.insert(0, "_lib")
import store.items
import other.items

print(store.items.price("tea"), other.items.price("tea"))
# skip: reference
# env: PYTRACE_INCLUDE=store
# trace:
#   _lib/store/__init__.py:1        + store _lib/store/__init__.py
#   _lib/store/__init__.py:1        > <module>
#   _lib/store/__init__.py:1        from store import items
#   _lib/store/__init__.py:1        + store.items _lib/store/items.py
#   _lib/store/items.py:1           > <module>
#   _lib/store/items.py:1             def price(name):
#   _lib/store/items.py:1           < <module>
#   _lib/store/__init__.py:1        < <module>
#   _lib/store/items.py:1           > price
#   _lib/store/items.py:2           return {"tea": 3}[name]
#   _lib/store/items.py:2           < price
