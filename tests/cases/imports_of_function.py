import json


def convert():
    import colorsys
    return colorsys.ONE_THIRD


json.dumps(convert())
# env: PYTRACE_INCLUDE=::convert
# env: PYTRACE_EVENTS=line,import
# trace:
#   imports_of_function.py:5        import colorsys
#   imports_of_function.py:5        + colorsys <stdlib>/colorsys.py
#   imports_of_function.py:6        return colorsys.ONE_THIRD
