"""Objects that notice whatever is done with them: a tracer does nothing."""
import _thread
import asyncio
import builtins
import collections
import importlib.abc
import sys
import threading
import types

calls = collections.Counter()


def noting(name, original=None):
    def method(self, *args, **kwargs):
        if not sys.is_finalizing():
            calls[name] += 1
        return original(self, *args, **kwargs) if original else None
    return method


NAMES = """__str__ __repr__ __format__ __eq__ __ne__ __lt__ __hash__ __getattribute__ __len__
__iter__ __contains__ __getitem__ __bool__ __int__ __index__ __float__ __bytes__ __dir__
__add__ __mul__ __rmod__ __mod__ __reduce__ __sizeof__ get items keys values encode decode
startswith split __get__""".split()


class Meta(type):
    def __getattr__(cls, name):
        calls["meta " + name] += 1
        raise AttributeError(name)

    # Not __subclasscheck__: the interpreter calls it before 3.12 when there is any tracer.
    for name in ("__instancecheck__", "__str__", "__repr__", "__getattribute__", "__hash__",
                 "__eq__"):
        locals()[name] = noting("meta " + name, getattr(type, name))


def make(base):
    body = {name: noting(base.__name__ + name, getattr(base, name))
            for name in NAMES if hasattr(base, name)}
    if base is object:
        body["__get__"] = noting("object.__get__")
        body["__getattr__"] = noting("object.__getattr__")
    body["__class__"] = property(noting("__class__", lambda self: str))
    return Meta("Hostile" + base.__name__, (base,), body)


Str, Int, Bytes, Tuple, List, Dict, Object = map(
    make, (str, int, bytes, tuple, list, dict, object))


def hidden(*names):
    """Properties in the place of what the interpreter keeps in an exception."""
    return {name: property(noting(name, lambda self: Str("x"))) for name in names}


Error = make(Exception)
Hidden = Meta("Hidden", (Exception,), hidden("args", "__traceback__", "__dict__"))
HiddenOS = Meta("HiddenOS", (OSError,), hidden("errno", "strerror", "filename"))
Described = Meta("Described", (Exception,), {"__str__": Object()})
Lookup = make(KeyError)
System = make(OSError)
Syntax = Meta("Syntax", (SyntaxError,), hidden("msg", "lineno"))

def changed(error, **fields):
    for name, value in fields.items():
        setattr(error, name, value)
    return error


errors = [
    Error("x"), Hidden(Str("x")), HiddenOS(2, "x"), Described("x"), Lookup("x"),
    System(2, "x"), Syntax("bad", ("f", 3, 4, "t")),
    ValueError(Str("x")), ValueError(Int(3), Bytes(b"x"), Tuple((1,)), Object()),
    ValueError((Str("x"),)), KeyError(Str("x")), KeyError(Object()),
    OSError(Int(2), Str("x"), Str("f")), OSError(2, Str("x"), "f"),
    ImportError(Str("x")), SyntaxError(Str("m"), (Str("f"), Int(3), 4, "t")),
    SyntaxError("m", (Str("f"), Int(3), 4, "t")), SyntaxError(Object()),
    UnicodeEncodeError(Str("utf-8"), Str("abc"), 0, 1, Str("why")),
    UnicodeDecodeError("utf-8", b"abc", 0, 1, Str("why")),
    UnicodeTranslateError(Str("abc"), 0, 1, Str("why")),
    changed(OSError(2, "x", "f"), errno=Int(2)), changed(ImportError("x"), msg=Object()),
    changed(SyntaxError("m"), msg=Object(), filename=Str("f"), lineno=Int(3)),
    changed(UnicodeEncodeError("utf-8", "abc", 0, 1, "why"), reason=Object()),
    changed(UnicodeDecodeError("utf-8", b"abc", 0, 1, "why"), encoding=Object()),
    StopIteration(Object()), AttributeError(Str("x")), NameError(Object()),
]
if hasattr(builtins, "ExceptionGroup"):
    errors.append(builtins.ExceptionGroup(Str("x"), [ValueError(Object())]))


def report(title):
    print(title, sorted(calls.items()))
    calls.clear()


def fail(error):
    raise error


report("made")
for error in errors:
    try:
        fail(error)
    except Exception:
        pass
report("raised")


class Thread(threading.Thread):
    _name = property(noting("_name", lambda self: Str("x")), lambda self, value: None)
    name = property(noting("name", lambda self: Str("x")), lambda self, value: None)
    __getattribute__ = noting("Thread.__getattribute__", threading.Thread.__getattribute__)


def work():
    return calls


class Module(types.ModuleType):
    _active = property(noting("_active", lambda self: {}))

    def __getattribute__(self, name):
        calls["module " + name] += 1
        return super().__getattribute__(name)


def run_in_thread():
    done = _thread.allocate_lock()
    done.acquire()
    _thread.start_new_thread(lambda: (work(), done.release()), ())
    done.acquire()


thread = Thread(target=work)
calls.clear()
thread.start()
thread.join()
report("thread")
for each in Dict(threading._active), {Str("_active"): 1}, Object():
    kept, threading._active = threading._active, each
    run_in_thread()
    threading._active = kept
report("_active")
threading.__class__ = Module
run_in_thread()
report("module")
threading.__class__ = types.ModuleType
sys.modules["threading"] = Object()
run_in_thread()
sys.modules["threading"] = threading
report("no module")


class Spec:
    name = property(noting("spec.name", lambda self: "hostile_module"))
    origin = property(noting("spec.origin", lambda self: "/none"))
    has_location = False
    cached = parent = submodule_search_locations = loader_state = None
    _set_fileattr = _initializing = False
    _uninitialized_submodules = []

    def __init__(self, loader):
        self.loader = loader


class Finder(importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return Spec(self) if name.startswith("hostile_") else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        if "not" in module.__dict__.get("__file__", ""):
            raise ImportError(Object())


sys.meta_path.insert(0, Finder())
import hostile_module
report("import")
try:
    __import__(Str("nowhere"))
except ImportError:
    pass
calls.clear()

text = compile("def inner(): return 1\nvalue = inner()\n", "/none/hostile.py", "exec")
for scope in (Dict(), {"__name__": Str("__main__"), "__file__": Str("f")},
              {"__name__": "__main__", "__spec__": Object()},
              {Str("__name__"): 1, Str("__file__"): Object()}):
    dict.__setitem__(scope, "__builtins__", builtins)
    calls.clear()
    exec(text, scope)
    report("exec")
kept, sys.argv = sys.argv, List(["-c"])
calls.clear()
exec(compile("1\n", "<string>", "exec"), {})
sys.argv = kept
report("argv")


class Loop(asyncio.SelectorEventLoop):
    __hash__ = noting("loop.__hash__", object.__hash__)
    __eq__ = noting("loop.__eq__", object.__eq__)


class Task(asyncio.Task):
    get_name = noting("get_name", asyncio.Task.get_name)
    __getattribute__ = noting("Task.__getattribute__", asyncio.Task.__getattribute__)


async def step():
    await asyncio.sleep(0)
    return work()


loop = Loop()
calls.clear()
loop.run_until_complete(Task(step(), loop=loop))
report("task")
loop.close()
if hasattr(sys, "monitoring"):
    for name in "set_local_events", "set_events", "get_events", "get_tool":
        setattr(sys.monitoring, name, noting(name, getattr(sys.monitoring, name)))
    exec("def late():\n return 1\nlate()")
    report("monitoring")
# env: PYTRACE_EVENTS=all
# env: PYTRACE_TASK=1
# skip: golden reference
