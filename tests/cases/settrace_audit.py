import sys

seen = []
refuse = False


def hook(event, args):
    if event == "sys.settrace":
        seen.append((event, args))
        if refuse:
            raise RuntimeError("refused")


def tracer(frame, event, arg):
    return tracer


sys.addaudithook(hook)
sys.settrace(tracer)
print(seen, sys.gettrace() is tracer)
sys.settrace(tracer)
sys.settrace(None)
print(seen, sys.gettrace())
sys.settrace(tracer)
refuse = True
for function in (None, hook):
    try:
        sys.settrace(function)
    except Exception as error:
        print(repr(error))
    print(seen, sys.gettrace() is tracer)
refuse = False
sys.settrace(None)
print(seen, sys.gettrace())
# skip: reference
