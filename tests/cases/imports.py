import sys

sys.path.insert(0, "_lib")
import store
import json.scanner
import time

for name in ("nowhere", "store.broken", "store.nowhere"):
    try:
        __import__(name)
    except Exception:
        pass
# skip: reference
# env: PYTRACE_EVENTS=import
# trace:
#   imports.py:4    + store _lib/store/__init__.py
#   _lib/store/__init__.py:1          + store.items _lib/store/items.py
#   imports.py:5                    + json <stdlib>/json/__init__.py
#   imports.py:10                   + nowhere (failed: ModuleNotFoundError: No module named 'nowhere')
#   imports.py:10                   + store.broken _lib/store/broken.py
#   imports.py:10                   + store.broken (failed: RuntimeError: broken on purpose)
#   imports.py:10                   + store.nowhere (failed: ModuleNotFoundError: No module named 'store.nowhere')
