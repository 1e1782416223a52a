def run(source):
    names = {"n": 2}
    exec(source, names)
    return names["double"](4)


print(run("def double(x):\n    return x * n\n"))
print(eval("3 + 4"))
# trace:
#   generated_code.py:1     > <module>
#   generated_code.py:1     def run(source):
#   generated_code.py:7     print(run("def double(x):\n    return x * n\n"))
#   generated_code.py:1     > run
#   generated_code.py:2       names = {"n": 2}
#   generated_code.py:3       exec(source, names)
#   <string>:1                > <module>
#   <string>:1
#   <string>:1                < <module>
#   generated_code.py:4       return names["double"](4)
#   <string>:1                > double
#   <string>:2
#   <string>:2                < double
#   generated_code.py:4     < run
#   generated_code.py:8     print(eval("3 + 4"))
#   <string>:1              > <module>
#   <string>:1
#   <string>:1              < <module>
#   generated_code.py:8     < <module>
