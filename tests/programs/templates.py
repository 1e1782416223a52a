import collections
import configparser
import csv
import difflib
import io
import pprint
import re
import string
import textwrap

text = textwrap.fill("The quick brown fox jumps over the lazy dog. " * 3, 30)
assert string.Template("$who likes ${what}").substitute(who="ann", what="tea")
words = collections.Counter(re.findall(r"\w+", text.lower()))
assert words.most_common(1)[0][1] >= 3
parser = configparser.ConfigParser()
parser.read_string("[shop]\nname = tea\nprice = %(name)s 2\n")
assert parser["shop"]["price"] == "tea 2"
rows = list(csv.DictReader(io.StringIO("a,b\n1,2\n")))
assert rows[0]["b"] == "2"
assert list(difflib.unified_diff(["a\n", "b\n"], ["a\n", "c\n"]))
assert pprint.pformat({"k": list(range(30)), "m": {"x": (1, 2)}}, width=20)
