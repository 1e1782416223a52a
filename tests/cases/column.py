import os

source = "def total(items):\n    return sum(items)\n"
names = {}
for name in ("a.py", "a/longer/name.py", "a/name/that/is/too/long/for/any/column/of/text.py"):
    exec(compile(source, name, "exec"), names)
    print(names["total"]([1, 2]))
if os.fork() == 0:
    os._exit(0)
os.wait()
# skip: reference
# trace:
#   column.py:1     > <module>
#   column.py:1     import os
#   column.py:3     source = "def total(items):\n    return sum(items)\n"
#   column.py:4     names = {}
#   column.py:5     for name in ("a.py", "a/longer/name.py", "a/name/that/is/too/long/for/any/column/of/text.py"):
#   column.py:6         exec(compile(source, name, "exec"), names)
#   a.py:1          > <module>
#   a.py:1
#   a.py:1          < <module>
#   column.py:7         print(names["total"]([1, 2]))
#   a.py:1          > total
#   a.py:2
#   a.py:2          < total
#   column.py:5     for name in ("a.py", "a/longer/name.py", "a/name/that/is/too/long/for/any/column/of/text.py"):
#   column.py:6         exec(compile(source, name, "exec"), names)
#   a/longer/name.py:1      > <module>
#   a/longer/name.py:1
#   a/longer/name.py:1      < <module>
#   column.py:7                 print(names["total"]([1, 2]))
#   a/longer/name.py:1      > total
#   a/longer/name.py:2
#   a/longer/name.py:2      < total
#   column.py:5             for name in ("a.py", "a/longer/name.py", "a/name/that/is/too/long/for/any/column/of/text.py"):
#   column.py:6                 exec(compile(source, name, "exec"), names)
#   a/name/that/is/too/long/for/any/column/of/text.py:1  > <module>
#   a/name/that/is/too/long/for/any/column/of/text.py:1
#   a/name/that/is/too/long/for/any/column/of/text.py:1  < <module>
#   column.py:7                 print(names["total"]([1, 2]))
#   a/name/that/is/too/long/for/any/column/of/text.py:1  > total
#   a/name/that/is/too/long/for/any/column/of/text.py:2
#   a/name/that/is/too/long/for/any/column/of/text.py:2  < total
#   column.py:5             for name in ("a.py", "a/longer/name.py", "a/name/that/is/too/long/for/any/column/of/text.py"):
#   column.py:8             if os.fork() == 0:
#   [PID] column.py:9                 os._exit(0)
#   column.py:10            os.wait()
#   [PID] column.py:10            < <module>
