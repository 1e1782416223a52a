"""What frees the data that a program attached to code is called for that code alone."""
import ctypes

api = ctypes.pythonapi
request = getattr(api, "PyUnstable_Eval_RequestCodeExtraIndex", None)
attach = getattr(api, "PyUnstable_Code_SetExtra", None)
if request is None:
    request, attach = api._PyEval_RequestCodeExtraIndex, api._PyCode_SetExtra

freed = []
on_free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(freed.append)
api.Py_IncRef(ctypes.py_object(on_free))
request.restype = ctypes.c_ssize_t
index = request(on_free)

codes = [compile("x = %d" % i, "<code %d>" % i, "exec") for i in range(10)]
attach(ctypes.py_object(codes[3]), ctypes.c_ssize_t(index), ctypes.c_void_p(500))
for code in codes:
    exec(code)
attach(ctypes.py_object(codes[5]), ctypes.c_ssize_t(index), ctypes.c_void_p(501))
del codes, code
print(freed)
