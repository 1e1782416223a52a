import sys

sys.path.insert(0, "_lib")
import store.items
import other.items

print(store.items.price("tea"), other.items.price("tea"))
# skip: reference
# env: PYTRACE_INCLUDE=_lib/,rules_paths.py
# env: PYTRACE_EXCLUDE=**/other/items.py, _lib/store/__init__.py
# env: PYTRACE_EVENTS=line
# trace:
#   rules_paths.py:1        import sys
#   rules_paths.py:3        sys.path.insert(0, "_lib")
#   rules_paths.py:4        import store.items
#   _lib/store/items.py:1     def price(name):
#   rules_paths.py:5        import other.items
#   _lib/other/__init__.py:1          """Another package with a module of the same name."""
#   rules_paths.py:7                print(store.items.price("tea"), other.items.price("tea"))
#   _lib/store/items.py:2             return {"tea": 3}[name]
