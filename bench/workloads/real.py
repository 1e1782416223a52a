# SPDX-License-Identifier: MIT
"""What a tool for source code does: tokenize, ast, json, argparse over the library."""

import argparse
import ast
import io
import json
import os
import tokenize

SIZE = 60

NAMES = ("bisect", "calendar", "copy", "csv", "fnmatch", "getopt", "glob", "heapq",
         "keyword", "sched", "shlex", "stat")

texts = []


def read_texts():
    folder = os.path.dirname(os.__file__)
    for name in NAMES:
        with tokenize.open(os.path.join(folder, name + ".py")) as file:
            texts.append("".join(file.readlines()[:150]))


def parse_arguments(name):
    parser = argparse.ArgumentParser(prog="real", description="Counts things.")
    parser.add_argument("-v", "--verbose", action="count", default=0)
    parser.add_argument("-o", "--output", metavar="FILE")
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("names", nargs="*")
    return parser.parse_args(["-v", "--limit", "30", "--output", "x", name])


class Counter(ast.NodeVisitor):
    def __init__(self):
        self.counts = {}

    def generic_visit(self, node):
        name = type(node).__name__
        self.counts[name] = self.counts.get(name, 0) + 1
        super().generic_visit(node)


def complete(text):
    """The longest beginning of TEXT that is a whole program."""
    lines = text.splitlines(True)
    while lines:
        try:
            return ast.parse("".join(lines))
        except SyntaxError:
            lines.pop()
    return ast.parse("")


def examine(name, text):
    options = parse_arguments(name)
    kinds = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kinds.setdefault(tokenize.tok_name[token.type], []).append(token.start)
    except tokenize.TokenError:
        pass
    tree = complete(text)
    counter = Counter()
    counter.visit(tree)
    dump = ast.dump(tree)
    facts = {"name": options.names, "nodes": counter.counts, "kinds": kinds,
             "dump": len(dump)}
    return json.loads(json.dumps(facts, indent=options.verbose))


def main(size):
    if not texts:
        read_texts()
    for i in range(size):
        place = i % len(texts)
        examine(NAMES[place], texts[place])
