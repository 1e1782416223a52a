#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Repeats the tests of processes, deaths and threads until one fails, LOOPS times at most (0: for
# ever); PT_PATTERNS chooses others.

here=$(dirname "$0")
patterns=${PT_PATTERNS:-*processes* *deaths* *thread* *fork* *exec*}
round=0
set -f
while [ "${LOOPS:-0}" = 0 ] || [ "$round" -lt "$LOOPS" ]; do
	round=$((round + 1))
	# shellcheck disable=SC2086
	out=$("$here/e2e.sh" $patterns 2>&1) || {
		echo "$out" | grep -A 40 '^not ok'
		echo "not ok - round $round"
		exit 1
	}
	for suite in stage recover lineage follow sink; do
		CK_RUN_SUITE=$suite tests/check_pytrace >/dev/null || {
			echo "not ok - round $round: unit tests of $suite"
			exit 1
		}
	done
	echo "ok $round - $(echo "$out" | grep -c '^ok') tests"
done
