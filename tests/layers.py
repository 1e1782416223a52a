#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A folder of lib/ includes what is below it, and the command nothing of the way in. TAP."""

import os
import re
import sys

ORDER = ["start", "watch", "trace", "code", "out", "python", "base"]

INCLUDE = re.compile(r'^#include "(\w+)/(\w+\.h)"', re.M)


def includes(folder):
    for name in sorted(os.listdir(folder)):
        if name.endswith((".c", ".h")):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                for above, header in INCLUDE.findall(file.read()):
                    yield name, above, header


def main():
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    allowed = {os.path.join("lib", each): ORDER[number:] for number, each in enumerate(ORDER)}
    allowed["src"] = ["trace", "code", "out", "base"]
    failed = 0
    print("1..%d" % len(allowed))
    for number, (folder, below) in enumerate(sorted(allowed.items()), 1):
        wrong = ["%s includes %s/%s" % (name, other, header)
                 for name, other, header in includes(os.path.join(top, folder))
                 if other not in below]
        failed += bool(wrong)
        print("%s %d - layers %s" % ("not ok" if wrong else "ok", number, folder))
        for line in wrong:
            print("# " + line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
