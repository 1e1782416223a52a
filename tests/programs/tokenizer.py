import io
import keyword
import token
import tokenize

SOURCE = b"# -*- coding: utf-8 -*-\nif x == (1 +\n        2.5e3):\n    y = f'{x}' \"b\"\n\n"

names = []
for each in tokenize.tokenize(io.BytesIO(SOURCE).readline):
    if each.type == token.NAME and not keyword.iskeyword(each.string):
        names.append(each.string)
assert "y" in names
pairs = [(each.type, each.string) for each in tokenize.tokenize(io.BytesIO(SOURCE).readline)]
assert tokenize.untokenize(pairs)
try:
    list(tokenize.tokenize(io.BytesIO(b"(").readline))
except (tokenize.TokenError, SyntaxError):
    pass
