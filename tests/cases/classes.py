def tag(cls):
    return cls


class Plain:
    size = 1


@tag
@tag
class Tagged(Plain):
    """What it is."""

    class Inner: depth = 2


def make():
    class Made(
        Plain,
    ):
        size = 3
    return Made


make()
make()
exec("class Other: pass")
# trace 3.8-3.10:
#   classes.py:1    > <module>
#   classes.py:1    def tag(cls):
#   classes.py:5    class Plain:
#   classes.py:5    > Plain
#   classes.py:6      size = 1
#   classes.py:6    < Plain
#   classes.py:9    @tag
#   classes.py:10   @tag
#   classes.py:11   class Tagged(Plain):
#   classes.py:9    > Tagged
#   classes.py:12     """What it is."""
#   classes.py:14     class Inner: depth = 2
#   classes.py:14     > Tagged.Inner
#   classes.py:14     < Tagged.Inner
#   classes.py:14   < Tagged
#   classes.py:1    > tag
#   classes.py:2      return cls
#   classes.py:2    < tag
#   classes.py:1    > tag
#   classes.py:2      return cls
#   classes.py:2    < tag
#   classes.py:17   def make():
#   classes.py:25   make()
#   classes.py:17   > make
#   classes.py:18     class Made(
#   classes.py:19         Plain,
#   classes.py:18     class Made(
#   classes.py:18     > make.<locals>.Made
#   classes.py:21       size = 3
#   classes.py:21     < make.<locals>.Made
#   classes.py:22     return Made
#   classes.py:22   < make
#   classes.py:26   make()
#   classes.py:17   > make
#   classes.py:18     class Made(
#   classes.py:19         Plain,
#   classes.py:18     class Made(
#   classes.py:18     > make.<locals>.Made
#   classes.py:21       size = 3
#   classes.py:21     < make.<locals>.Made
#   classes.py:22     return Made
#   classes.py:22   < make
#   classes.py:27   exec("class Other: pass")
#   <string>:1      > <module>
#   <string>:1
#   <string>:1        > Other
#   <string>:1        < Other
#   <string>:1      < <module>
#   classes.py:27   < <module>
# trace 3.11-:
#   classes.py:1    > <module>
#   classes.py:1    def tag(cls):
#   classes.py:5    class Plain:
#   classes.py:5    > Plain
#   classes.py:6      size = 1
#   classes.py:6    < Plain
#   classes.py:9    @tag
#   classes.py:10   @tag
#   classes.py:11   class Tagged(Plain):
#   classes.py:9    > Tagged
#   classes.py:12     """What it is."""
#   classes.py:14     class Inner: depth = 2
#   classes.py:14     > Tagged.Inner
#   classes.py:14     < Tagged.Inner
#   classes.py:14   < Tagged
#   classes.py:10   @tag
#   classes.py:1    > tag
#   classes.py:2      return cls
#   classes.py:2    < tag
#   classes.py:9    @tag
#   classes.py:1    > tag
#   classes.py:2      return cls
#   classes.py:2    < tag
#   classes.py:11   class Tagged(Plain):
#   classes.py:17   def make():
#   classes.py:25   make()
#   classes.py:17   > make
#   classes.py:18     class Made(
#   classes.py:19         Plain,
#   classes.py:18     class Made(
#   classes.py:18     > make.<locals>.Made
#   classes.py:21       size = 3
#   classes.py:21     < make.<locals>.Made
#   classes.py:22     return Made
#   classes.py:22   < make
#   classes.py:26   make()
#   classes.py:17   > make
#   classes.py:18     class Made(
#   classes.py:19         Plain,
#   classes.py:18     class Made(
#   classes.py:18     > make.<locals>.Made
#   classes.py:21       size = 3
#   classes.py:21     < make.<locals>.Made
#   classes.py:22     return Made
#   classes.py:22   < make
#   classes.py:27   exec("class Other: pass")
#   <string>:1      > <module>
#   <string>:1
#   <string>:1        > Other
#   <string>:1        < Other
#   <string>:1      < <module>
#   classes.py:27   < <module>
