import argparse
import io

parser = argparse.ArgumentParser(prog="tool", description="Moves things about.")
parser.add_argument("source", help="what to move")
parser.add_argument("-n", "--number", type=int, default=1, help="how often")
parser.add_argument("--mode", choices=["copy", "link"], default="copy")
commands = parser.add_mutually_exclusive_group()
commands.add_argument("--quiet", action="store_true")
commands.add_argument("--verbose", action="store_true")
options = parser.parse_args(["here", "-n", "3", "--mode=link", "--quiet"])
assert (options.source, options.number, options.mode) == ("here", 3, "link")
parser.print_help(io.StringIO())
try:
    parser.error = lambda message: (_ for _ in ()).throw(ValueError(message))
    parser.parse_args(["here", "--mode", "burn"])
except ValueError:
    pass
