#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs the end-to-end tests, see e2e/driver.py. A build with AddressSanitizer needs its
# run-time library in front, and cannot look for leaks in a Python that has its own.

case $PT_SANITIZERS in
*address*)
	PT_BEFORE=$($CC -print-file-name=libasan.so)
	ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_abort=0
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	export PT_BEFORE ASAN_OPTIONS UBSAN_OPTIONS
	;;
esac
exec "$PYTHON" "$(dirname "$0")/e2e/driver.py" "$PT_LIBRARY" "$@"
