import collections
import dataclasses
import json

Item = dataclasses.make_dataclass("Item", ["name"])
Pair = collections.namedtuple("Pair", "left right")
print(json.dumps(Pair(1, 2)), Item("tea"))
# env: PYTRACE_EVENTS=line
# trace:
#   stdlib_hidden.py:1      import collections
#   stdlib_hidden.py:2      import dataclasses
#   stdlib_hidden.py:3      import json
#   stdlib_hidden.py:5      Item = dataclasses.make_dataclass("Item", ["name"])
#   stdlib_hidden.py:6      Pair = collections.namedtuple("Pair", "left right")
#   stdlib_hidden.py:7      print(json.dumps(Pair(1, 2)), Item("tea"))
