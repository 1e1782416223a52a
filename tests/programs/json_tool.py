import io
import json
import json.tool
import os
import sys

document = '{"a": [1, 2.5, "x\\u00e9", null, true], "b": {"c": {}}}'
sys.stdin = io.StringIO(document)
sys.argv = ["json.tool", "--sort-keys", "-", os.devnull]
json.tool.main()
assert json.loads(json.dumps(json.loads(document), indent=1)) == json.loads(document)
try:
    json.loads("[1, 2")
except json.JSONDecodeError as error:
    assert error.lineno == 1
