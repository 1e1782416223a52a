import os
import pickle
import sys


class Thing:
    pass


copy = pickle.loads(pickle.dumps(Thing()))
print(type(copy), copy.__class__ is Thing)
print(sys.argv[1:], os.path.basename(sys.argv[0]), __name__, __package__)
print(os.path.basename(__file__), os.path.basename(sys.modules["__main__"].__file__))
print(sys.path == sorted(sys.path, key=sys.path.index), len(sys.path))
print(sys.flags)
print(sorted(sys.modules))
print(sorted(name for name in os.environ if not name.startswith(("PYTRACE", "LD_PRE"))))
print(sys.gettrace(), sys.getprofile(), sys.getrecursionlimit())
# args: one "two words" --three
# skip: reference
