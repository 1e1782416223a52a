def double(n):
    return 2 * n


print(double(21))
exec("x = 1")
# env: PYTRACE_FORMAT=trace
# trace 3.13-:
#    --- modulename: trace_format, funcname: <module>
#   trace_format.py(1):  def double(n):
#   trace_format.py(5):  print(double(21))
#    --- modulename: trace_format, funcname: double
#   trace_format.py(2):      return 2 * n
#   trace_format.py(6):  exec("x = 1")
#    --- modulename: trace_format, funcname: <module>
#   <string>(1)
# trace 3.8-3.12:
#    --- modulename: trace_format, funcname: <module>
#   trace_format.py(1): def double(n):
#   trace_format.py(5): print(double(21))
#    --- modulename: trace_format, funcname: double
#   trace_format.py(2):     return 2 * n
#   trace_format.py(6): exec("x = 1")
#    --- modulename: trace_format, funcname: <module>
#   <string>(1):
