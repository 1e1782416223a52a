#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds the library with sanitizers, from the sources as they are released, and runs tests.
#
#     sanitizers.sh address SOURCE    all that "make check" runs, or PT_PATTERNS of it
#     sanitizers.sh thread SOURCE     threads and forks in free-threaded interpreters
#
# SOURCE is what "make distdir" left. An interpreter that is not built for ThreadSanitizer
# gives many reports of its own, and what guards its objects is not seen, also where we read
# them: only those count that are about memory of ours, which nobody else touches.

set -eu
kind=$1
source=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)

mkdir -p "sanitize-$kind"
cd "sanitize-$kind"
list=address,undefined
[ "$kind" = thread ] && list=thread
[ -f config.status ] ||
	"$source/configure" -q --enable-sanitizers="$list" CFLAGS='-O1 -g' PYTHON="$PYTHON"
make -s all
[ "$kind" = thread ] || exec make check

# ThreadSanitizer cannot do with the whole of address space randomization.
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
status=0
if make -s tests/check_pytrace; then
	CK_RUN_SUITE=code_table setarch -R tests/check_pytrace || status=$?
fi
TSAN_OPTIONS="report_thread_leaks=0 report_signal_unsafe=0 handle_segv=0 exitcode=0 die_after_fork=0 log_path=$logs/log" \
	PT_LIBRARY=$PWD/lib/.libs/libpytrace.so PT_BEFORE=$($CC -print-file-name=libtsan.so) \
	setarch -R "$PYTHON" "$here/e2e/driver.py" "$PWD/lib/.libs/libpytrace.so" \
	${PT_PATTERNS:-'3.*t*-* golden *thread*' '3.*t*-* golden fork' '3.*t*-* processes *' \
		'3.*t*-* ways *interpreter*'} ||
	status=$?
"$PYTHON" - "$logs" <<'PYTHON' || status=1
import os, re, sys
ACCESS = re.compile(r"^ +(?:Previous )?(?:atomic )?(?:read|write) of size.*\n((?: +#.*\n)+)",
                    re.MULTILINE | re.IGNORECASE)
def is_ours(report):
    stacks = [stack.splitlines() for stack in ACCESS.findall(report)]
    if "data race" not in report or not stacks:
        return "libpytrace" in report
    nearest = [next((line for line in stack if "libtsan" not in line), "") for stack in stacks]
    return all("libpytrace" in line for line in nearest)
found = {}
for name in os.listdir(sys.argv[1]):
    with open(os.path.join(sys.argv[1], name), errors="replace") as log:
        for report in log.read().split("=" * 18):
            if "WARNING: ThreadSanitizer" in report and is_ours(report):
                place = re.search(r"SUMMARY: (.*)", report)
                found.setdefault(place.group(1) if place else "?", report)
for place, report in sorted(found.items()):
    print("# " + place)
    print("".join("#   %s\n" % line for line in report.splitlines()[:40]))
print("# ThreadSanitizer: %d reports of ours" % len(found))
sys.exit(bool(found))
PYTHON
exit $status
