import ast

tree = ast.parse("x = 1\ny = 2\n")
ast.increment_lineno(tree.body[1], 6000000)


def run():
    exec(compile(tree, "far.py", "exec"), {})


run()
# env: PYTRACE_EVENTS=call,return
# skip: reference
# trace:
#   far_lines.py:1          > <module>
#   far_lines.py:7          > run
#   far.py:1                  > <module>
#   far.py:6000002            < <module>
#   far_lines.py:8          < run
#   far_lines.py:11         < <module>
