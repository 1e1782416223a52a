import sys

TEXTS = [
    ValueError(),
    ValueError("one\ntwo"),
    ValueError("one\n"),
    ValueError("x" * 301),
    ValueError("what", [1], 2, None, True, 2.5, b"a\x00'\xff", ("y", ())),
    ValueError("it's", "\"'\\", "\t\x7f\u2028\xe9"),
    ValueError([1]),
    ValueError(b"bytes"),
    KeyError("a'b"),
    KeyError(),
    OSError(2, "No", "file", None, "other"),
    OSError("only"),
    ImportError("no", name="x"),
    SyntaxError("bad\nworse", ("/x/file.py", 3, 4, "text")),
    SyntaxError("bad", ("/x/file.py", 3, 4, "text")),
    UnicodeDecodeError("utf-8", b"abc", 1, 2, "why"),
    UnicodeEncodeError("utf-8", "abc", 1, 3, "why"),
    UnicodeTranslateError("abc", 1, 2, "why"),
    AttributeError("a"),
    NameError("n"),
]
for error in TEXTS:
    try:
        raise error
    except Exception:
        pass
# env: PYTRACE_EVENTS=exception
# trace:
#   exception_texts.py:27...! ValueError
#   exception_texts.py:27...! ValueError: one…
#   exception_texts.py:27...! ValueError: one
#   exception_texts.py:27...! ValueError: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
#   exception_texts.py:27...! ValueError: ('what', …, 2, None, True, 2.5, b"a\x00'\xff", ('y', ()))
#   exception_texts.py:27...! ValueError: ("it's", '"\'\\', '\t\x7f\u2028é')
#   exception_texts.py:27...! ValueError: …
#   exception_texts.py:27...! ValueError: b'bytes'
#   exception_texts.py:27...! KeyError: "a'b"
#   exception_texts.py:27...! KeyError
#   exception_texts.py:27...! FileNotFoundError: [Errno 2] No: 'file' -> 'other'
#   exception_texts.py:27...! OSError: only
#   exception_texts.py:27...! ImportError: no
#   exception_texts.py:27...! SyntaxError: bad…
#   exception_texts.py:27...! SyntaxError: bad (file.py, line 3)
#   exception_texts.py:27...! UnicodeDecodeError: 'utf-8' codec can't decode byte 0x62 in position 1: why
#   exception_texts.py:27...! UnicodeEncodeError: 'utf-8' codec can't encode characters in position 1-2: why
#   exception_texts.py:27...! UnicodeTranslateError: can't translate character '\x62' in position 1: why
#   exception_texts.py:27...! AttributeError: a
#   exception_texts.py:27...! NameError: n
