# SPDX-License-Identifier: MIT
"""The library in other programs: those that embed Python, and those that do not."""

import itertools
import os
import platform
import re
import shutil
import subprocess
import tempfile

import interpreters
from run import Failure, Library, Skip, expect_equal, run

HERE = os.path.dirname(os.path.abspath(__file__))

EXPORTS = os.path.join(HERE, "..", "..", "lib", "libpytrace.map")


def link_flags(interpreter):
    """How to compile and link a program that embeds the interpreter."""
    name = "python3.%d%s%s" % (interpreter.minor, "t" * interpreter.free_threaded,
                               "d" * interpreter.debug)
    prefix = interpreter.prefix
    libdirs = [interpreter.libdir, os.path.join(prefix, "lib", interpreter.multiarch)]
    libdir = next((each for each in libdirs if each and
                   os.path.exists(os.path.join(each, "lib%s.so" % name))), None)
    if not libdir or not os.path.exists(os.path.join(interpreter.include, "Python.h")):
        raise Skip("no headers, or no shared libpython")
    return ["-I" + interpreter.include, "-L" + libdir, "-Wl,-rpath," + libdir, "-l" + name,
            "-I" + os.path.join(prefix, "include"), *loader_flags(interpreter)]


def loader_flags(interpreter):
    """An interpreter that brings its own libc wants programs that use that."""
    if not interpreter.loader.startswith(interpreter.prefix + "/"):
        return []
    libc = os.path.dirname(interpreter.loader)
    return ["-Wl,--dynamic-linker=" + interpreter.loader, "-Wl,--disable-new-dtags",
            "-Wl,-rpath," + libc, "-Wl,--allow-shlib-undefined", "-ldl"]


def find_libpython(interpreter):
    """The path of the interpreter's shared libpython."""
    flags = link_flags(interpreter)
    return os.path.join(flags[1][2:], "lib%s.so" % flags[3][2:])


def compile_c(source, output, flags):
    compiler = os.environ.get("CC", "cc").split()
    if not shutil.which(compiler[0]):
        raise Skip("no C compiler")
    done = subprocess.run(compiler + [os.path.join(HERE, source), "-o", output] + flags,
                          capture_output=True)
    if done.returncode:
        raise Failure(done.stderr.decode())


def expect_embedded(command, interpreter, library, count):
    """The program prints what it prints untraced, and its line is traced COUNT times."""
    environment = {"PYTHONHOME": interpreter.prefix}
    plain = run(command, environment)
    traced = run(command, environment, library=library)
    expect_equal("status", (plain.status, traced.status), (0, 0))
    expect_equal("stdout", traced.stdout, plain.stdout)
    expect_equal("stderr", traced.stderr, plain.stderr)
    places = [line.split(" ")[0] for line in traced.lines]
    expect_equal("lines of %s" % places, places.count("<string>:2"), 2 * count)


def check_embedding(interpreter, library):
    with tempfile.TemporaryDirectory(prefix="pytrace-") as folder:
        program = os.path.join(folder, "embed")
        compile_c("embed.c", program, link_flags(interpreter))
        for how, count in (("initialize", 1), ("ex", 1), ("config", 1), ("cycles", 3),
                           ("interpreters", 34)):
            expect_embedded([program, how], interpreter, library, count)


def check_plugin(interpreter, library):
    """A libpython that comes with a module loaded at run time."""
    with tempfile.TemporaryDirectory(prefix="pytrace-") as folder:
        plugin, program = os.path.join(folder, "plugin.so"), os.path.join(folder, "host")
        flags = link_flags(interpreter)
        compile_c("embed.c", plugin, ["-DPLUGIN", "-shared", "-fPIC"] + flags)
        compile_c("host.c", program, ["-ldl"] + loader_flags(interpreter))
        for how, count in (("initialize", 1), ("ex", 1), ("config", 1), ("cycles", 3)):
            expect_embedded([program, plugin, how], interpreter, library, count)


def check_dlopen(interpreter, library):
    """A libpython that the program loads with dlopen and calls by dlsym."""
    libpython = find_libpython(interpreter)
    environment = {"PYTHONHOME": interpreter.prefix}
    with tempfile.TemporaryDirectory(prefix="pytrace-") as folder:
        program = os.path.join(folder, "late")
        compile_c("late.c", program, ["-ldl"] + loader_flags(interpreter))
        for mode in ("n", "g", "l", "lg"):
            for how in ("initialize", "ex", "config", "bytes"):
                command = [program, libpython, mode, how]
                expect_embedded(command, interpreter, library, 1)
                off = run(command, environment, library=library, PYTRACE="0")
                expect_equal("off", (off.status, off.stdout, off.stderr, off.trace),
                             (0, b"embedded True\n", b"", b""))
            for switch in ("0", "1"):
                result = run([program, libpython, mode, "errors"], environment,
                             library=library, PYTRACE=switch)
                expect_equal("dlerror", result.status, 0)


def check_without_dlsym(interpreter, library):
    """As built for other machines: a libpython that is not traced is told of."""
    path = os.environ.get("PT_LIBRARY_WITHOUT_DLSYM")
    if not path or not os.path.exists(path):
        raise Skip("not built")
    library = Library(path, library.before)
    check_embedding(interpreter, library)
    check_plugin(interpreter, library)
    libpython = find_libpython(interpreter)
    told = ("libpytrace: start: %s came unseen; not traced: dlsym is not watched on this "
            "machine" % libpython)
    with tempfile.TemporaryDirectory(prefix="pytrace-") as folder:
        program = os.path.join(folder, "late")
        compile_c("late.c", program, ["-ldl"] + loader_flags(interpreter))
        for mode, how in itertools.product(("n", "g"), ("initialize", "ex", "config", "bytes")):
            result = run([program, libpython, mode, how], {"PYTHONHOME": interpreter.prefix},
                         library=library, PYTRACE_DEBUG="start")
            expect_equal("status and stdout", (result.status, result.stdout),
                         (0, b"embedded True\n"))
            lines = result.stderr.decode().splitlines()
            is_traced = any(line.startswith("<string>:2 ") for line in result.lines)
            expect_equal("traced or told", is_traced, told not in lines)
            expect_equal("messages %s" % lines, len(lines), 1)


def find_second(interpreter):
    """Another interpreter with a libpython, which runs with the libc of the first one."""
    for other in interpreters.find()[0]:
        if other.minor == interpreter.minor or loader_flags(other):
            continue
        try:
            return other, find_libpython(other)
        except Skip:
            continue
    raise Skip("no second libpython")


def check_two(interpreter, library):
    """Of two Pythons in a process the first is traced, and the second one is not disturbed."""
    first = find_libpython(interpreter)
    other, second = find_second(interpreter)
    told = "libpytrace: start: %s is another Python in this process; not traced" % second
    with tempfile.TemporaryDirectory(prefix="pytrace-") as folder:
        program = os.path.join(folder, "two")
        compile_c("two.c", program, ["-ldl"] + loader_flags(interpreter))
        command = [program, first, interpreter.prefix, second, other.prefix]
        expected = (0, b"first True\nsecond True\nfirst True\n", "")
        for settings in (None, {"PYTRACE": "0"}, {}, {"PYTRACE_DEBUG": "start"}):
            result = run(command, library=library if settings is not None else None,
                         **(settings or {}))
            lines = result.stderr.decode().splitlines()
            messages = [line for line in lines if line.startswith("libpytrace: start: ")]
            stderr = "\n".join(line for line in lines if line not in messages)
            expect_equal("status, stdout and stderr", (result.status, result.stdout, stderr),
                         expected)
            expect_equal("messages", messages[1:],
                         [told] if settings and "PYTRACE_DEBUG" in settings else [])
            places = [line.split(" ")[0] for line in (result.trace or b"").decode().splitlines()]
            is_traced = settings is not None and "PYTRACE" not in settings
            expect_equal("lines of %s" % places, places.count("<string>:2"), 4 * is_traced)


def check_other_programs(library):
    """Programs that are not Python behave as usual."""
    commands = [["true"], ["ls", "/"], ["bash", "-c", "echo $((6 * 7)); exit 5"],
                ["git", "--version"], ["sh", "-c", "env | grep -vc ^PYTRACE_RUN="], ["cat", "/nonexistent"]]
    for command in commands:
        if not shutil.which(command[0]):
            continue
        # The same variables, so that "env" counts the same.
        plain = run(command, {"LD_PRELOAD": "", "PYTRACE_OUTPUT": "/nonexistent/x"})
        traced = run(command, {"PYTRACE_OUTPUT": "/nonexistent/x"}, library=library)
        for what in ("status", "stdout", "stderr"):
            expect_equal("%s of %s" % (what, command), getattr(traced, what),
                         getattr(plain, what))


def check_loader(library):
    """RUNPATH, namespace and scope are the calling object's; dlerror is the program's."""
    if library.before:
        raise Skip("a sanitizer refuses RTLD_DEEPBIND")
    with tempfile.TemporaryDirectory(prefix="pytrace-") as folder:
        program = os.path.join(folder, "loader")
        plugin = os.path.join(folder, "sub", "libloader-plugin.so")
        source = os.path.join(folder, "plugin.c")
        os.mkdir(os.path.dirname(plugin))
        with open(source, "w", encoding="ascii") as file:
            file.write("int answer(void);\nint answer(void) { return 42; }\n")
        compile_c(source, plugin, ["-shared", "-fPIC"])
        scope = os.path.join(folder, "sub", "libscope-%s.so")
        compile_c("scope.c", scope % "second", ["-shared", "-fPIC", "-DANSWER=2"])
        compile_c("scope.c", scope % "first",
                  ["-shared", "-fPIC", "-DANSWER=1", "-Wl,--no-as-needed", scope % "second",
                   "-Wl,-rpath,$ORIGIN"])
        compile_c("loader.c", program,
                  ["-Wl,-rpath,$ORIGIN/sub", "-Wl,--enable-new-dtags", "-ldl"])
        expect_equal("status without", run([program]).status, 0)
        for switch in ("0", "1"):
            result = run([program], library=library, PYTRACE=switch)
            expect_equal("status, errors and trace",
                         (result.status, result.stderr, result.trace), (0, b"", b""))


def check_other_pythons(library):
    """Unsupported versions are left alone."""
    folder = os.path.expanduser("~/.pyenv/versions")
    names = [name for name in (os.listdir(folder) if os.path.isdir(folder) else [])
             if re.match(r"2\.7|3\.[67]\.", name)]
    if not names:
        raise Skip("no old Python")
    for name in names:
        python = os.path.join(folder, name, "bin", "python")
        result = run([python, "-c", "print('old')"], library=library, PYTRACE_DEBUG="all")
        expect_equal("stdout", result.stdout, b"old\n")
        expect_equal("stderr", result.stderr, b"")
        expect_equal("trace", result.trace, b"")


def check_exports(library):
    """The library exports what its version script lists, and needs no libpython."""
    with open(EXPORTS, encoding="ascii") as script:
        allowed = re.findall(r"^\t\t(\w+);", script.read(), re.M)
    if platform.machine() not in ("x86_64", "aarch64"):
        allowed.remove("dlsym")
    symbols = subprocess.run(["nm", "-D", "--defined-only", library.path],
                             capture_output=True, text=True, check=True).stdout
    expect_equal("exports", sorted(line.split()[2] for line in symbols.splitlines()),
                 sorted(allowed))
    dynamic = subprocess.run(["readelf", "-d", library.path], capture_output=True,
                             text=True, check=True).stdout
    needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
    wrong = [name for name in needed
             if not re.match(r"(ld-|lib)(linux|c|dl|pthread|asan|ubsan|tsan|gcc_s|m)\b", name)]
    expect_equal("needed libraries", wrong, [])


CHECKS = [check_embedding, check_plugin, check_dlopen, check_without_dlsym, check_two]
CHECKS_WITHOUT_PYTHON = [check_other_programs, check_loader, check_other_pythons, check_exports]
