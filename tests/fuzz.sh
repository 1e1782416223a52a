#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds the fuzz targets and, unless called with "build", runs each of them for FUZZ_SECONDS;
# prints TAP. FUZZ_TARGETS chooses ("rules source"), CLANG names the compiler: a clang that
# has libFuzzer. New inputs are kept in tests/fuzz/found/ of the build folder, what broke a
# target in tests/fuzz/findings/.

source=$(cd "$(dirname "$0")/.." && pwd)
targets=${FUZZ_TARGETS:-settings rules source zip output recover repeats reader}
flags="-std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined"
python_flags=${PYTHON_CFLAGS:-$(pkg-config --cflags python3 2>/dev/null)}

# The compiler, if there is one that has libFuzzer.
find_clang() {
	for each in ${CLANG:-clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14}; do
		command -v "$each" >/dev/null || continue
		echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
			"$each" -x c -fsanitize=fuzzer,address -o tests/fuzz/probe - 2>/dev/null &&
			echo "$each" && return
	done
}

# The modules that hold the parsers, and what they need: all but the exported functions.
core() {
	for each in "$source"/lib/*/*.c "$source"/src/*.c; do
		case $each in
		*/late.c | */preload.c | */process.c | */truncate.c) ;;
		*/src/main.c | */src/options.c | */src/command_*.c) ;;
		*) echo "$each" ;;
		esac
	done
}

is_built() {
	[ -x "tests/fuzz/fuzz_$1" ] && [ -z "$(find "$source/lib" "$source/src" "$source/tests/fuzz" \
		-name '*.[ch]' -newer "tests/fuzz/fuzz_$1")" ]
}

# shellcheck disable=SC2046,SC2086
build() {
	for target in $targets; do
		is_built "$target" && continue
		if [ -z "$core_is_built" ]; then
			rm -rf tests/fuzz/core
			mkdir -p tests/fuzz/core
			(cd tests/fuzz/core && "$clang" $(echo "$flags" | sed s/fuzzer,/fuzzer-no-link,/) \
				-I"$build" -I"$source/lib" -I"$source/src" $python_flags -c $(core)) || return
			core_is_built=yes
		fi
		"$clang" $flags -I. -I"$source/lib" -I"$source/src" $python_flags \
			"$source/tests/fuzz/fuzz_$target.c" \
			tests/fuzz/core/*.o -o "tests/fuzz/fuzz_$target" -lzstd -ldl -lpthread || return
	done
}

# Runs a target, and prints the number of runs after its name.
run() {
	found=tests/fuzz/found/$1
	mkdir -p "$found" tests/fuzz/findings
	"tests/fuzz/fuzz_$1" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=20 -max_len=4096 \
		-rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="tests/fuzz/findings/$1-" \
		"$found" "$source/tests/fuzz/corpus/$1" >"tests/fuzz/$1.log" 2>&1
	status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "tests/fuzz/$1.log")
	if [ "$status" = 0 ]; then
		echo "ok $2 - fuzz $1: $runs inputs"
	else
		echo "not ok $2 - fuzz $1"
		grep -v '^#' "tests/fuzz/$1.log" | tail -n 60 | sed 's/^/# /'
		return 1
	fi
}

build=$PWD
core_is_built=
mkdir -p tests/fuzz
clang=$(find_clang)
if [ -z "$clang" ]; then
	echo "1..0 # SKIP no clang with libFuzzer (Debian: clang, libclang-rt-14-dev)"
	exit 0
fi
build || exit 99
[ "$1" = build ] && exit 0
# shellcheck disable=SC2086
set -- $targets
echo "1..$#"
number=0 failed=0
for target; do
	number=$((number + 1))
	run "$target" "$number" || failed=1
done
exit $failed
