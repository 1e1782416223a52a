class Box[T]:
    value = None


def same[T](x: T) -> T:
    return x


same(Box)
# versions: 3.12-
# env: PYTRACE_EVENTS=line,call,return
# trace:
#   type_parameters.py:1    > <module>
#   type_parameters.py:1    class Box[T]:
#   type_parameters.py:1    > <generic parameters of Box>
#   type_parameters.py:1      > Box
#   type_parameters.py:2        value = None
#   type_parameters.py:2      < Box
#   type_parameters.py:1    < <generic parameters of Box>
#   type_parameters.py:5    def same[T](x: T) -> T:
#   type_parameters.py:5    > <generic parameters of same>
#   type_parameters.py:5    < <generic parameters of same>
#   type_parameters.py:9    same(Box)
#   type_parameters.py:5    > same
#   type_parameters.py:6      return x
#   type_parameters.py:6    < same
#   type_parameters.py:9    < <module>
