import sys
import types

module = types.ModuleType("größe")
exec(compile("def länge(x):\n    return len(x)\n", "größe.py", "exec"), module.__dict__)
print(module.länge("ab"))
odd = compile("y = 1", "caf\udce9.py", "exec")
exec(odd, {"__name__": "odd"})
# env: PYTRACE_EVENTS=line,call
