# SPDX-License-Identifier: MIT
"""Every way to start Python starts the tracer, and early enough."""

import os
import stat
import subprocess
import sys
import tempfile
import zipfile

from run import Failure, Skip, expect_equal, run

PROGRAM = """\
import sys
def greet(name):
    print("hello", name)
greet("ways")
"""

LINE = 'print("hello", name)'


class Folder:
    """A temporary folder with files in it."""

    def __init__(self, **files):
        self.files = files

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="pytrace-")
        self.path = os.path.realpath(self.temporary.name)
        for name, text in self.files.items():
            self.write(name.replace("__dot__", ".") + ".py", text)
        return self

    def __exit__(self, *details):
        self.temporary.cleanup()

    def write(self, name, text, executable=False):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if executable:
            os.chmod(path, 0o755)
        return path


def expect_line(result, file, line, text=LINE):
    """The trace has that line of that file, with its text, and the program ran."""
    expect_equal("status", result.status, 0)
    for each in result.lines:
        place, _, rest = each.partition(" ")
        if place.endswith("%s:%d" % (file, line)) and rest.strip() == text:
            return
    raise Failure("no %s:%d with %r in\n%s\n%s" % (
        file, line, text, "\n".join(result.lines[:50]), result.stderr.decode()))


def check_script(interpreter, library):
    with Folder(hello=PROGRAM) as folder:
        result = run([interpreter.executable, "hello.py"], cwd=folder.path, library=library)
        expect_line(result, "hello.py", 3)
        expect_equal("stdout", result.stdout, b"hello ways\n")
        expect_equal("stderr", result.stderr, b"")


def check_module(interpreter, library):
    with Folder(hello=PROGRAM) as folder:
        result = run([interpreter.executable, "-m", "hello"], cwd=folder.path, library=library)
        expect_line(result, "hello.py", 3)


def check_command(interpreter, library):
    result = run([interpreter.executable, "-c", PROGRAM], library=library)
    expect_equal("status", result.status, 0)
    if "<string>:3" not in [line.split(" ")[0] for line in result.lines]:
        raise Failure("no <string>:3 in %s" % result.lines)


def check_stdin(interpreter, library):
    for arguments in ([], ["-"]):
        result = run([interpreter.executable] + arguments, stdin=PROGRAM.encode(),
                     library=library)
        expect_equal("stdout", result.stdout, b"hello ways\n")
        if "<stdin>:3" not in [line.split(" ")[0] for line in result.lines]:
            raise Failure("no <stdin>:3 in %s" % result.lines)


def check_zip_application(interpreter, library):
    with Folder() as folder:
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            path = os.path.join(folder.path, "app.pyz")
            with open(path, "wb") as file:
                file.write(b"#!" + interpreter.executable.encode() + b"\n")
                with zipfile.ZipFile(file, "w", method) as archive:
                    archive.writestr("__main__.py", "import hello\n")
                    archive.writestr("hello.py", PROGRAM)
            os.chmod(path, 0o755)
            for command in ([interpreter.executable, "app.pyz"], ["./app.pyz"]):
                result = run(command, cwd=folder.path, library=library)
                expect_line(result, "app.pyz/hello.py", 3)


def check_directory(interpreter, library):
    with Folder() as folder:
        folder.write("app/__main__.py", PROGRAM)
        result = run([interpreter.executable, "app"], cwd=folder.path, library=library,
                     PYTRACE_INCLUDE="@project")
        expect_line(result, "app/__main__.py", 3)


def check_shebang(interpreter, library):
    with Folder() as folder:
        folder.write("tool", "#!%s\n%s" % (interpreter.executable, PROGRAM), True)
        result = run(["./tool"], cwd=folder.path, library=library, PYTRACE_INCLUDE="@script")
        expect_line(result, "tool", 4)


def check_flags(interpreter, library):
    flags = [["-I"], ["-S"], ["-E"], ["-s", "-B"], ["-X", "dev"], ["-O"], ["-u"], ["-ISE"]]
    with Folder(hello=PROGRAM) as folder:
        for flag in flags:
            plain = run([interpreter.executable] + flag + ["hello.py"], cwd=folder.path)
            traced = run([interpreter.executable] + flag + ["hello.py"], cwd=folder.path,
                         library=library)
            expect_line(traced, "hello.py", 3)
            expect_equal("stderr with %s" % flag, traced.stderr, plain.stderr)


def check_environment(interpreter, library):
    settings = [("PYTHONMALLOC", "debug"), ("PYTHONMALLOC", "malloc"),
                ("PYTHONDEVMODE", "1"), ("PYTHONUTF8", "1"), ("PYTHONFAULTHANDLER", "1")]
    with Folder(hello=PROGRAM) as folder:
        for name, value in settings:
            command = [interpreter.executable, "hello.py"]
            plain = run(command, {name: value}, cwd=folder.path)
            if plain.status:  # free-threaded builds have one allocator
                continue
            traced = run(command, {name: value}, cwd=folder.path, library=library)
            expect_line(traced, "hello.py", 3)
            expect_equal("stderr with " + name, traced.stderr, plain.stderr)


def make_venv(interpreter, folder):
    """Makes a virtual environment and returns its interpreter."""
    done = subprocess.run([interpreter.executable, "-m", "venv", "--without-pip", "env"],
                          cwd=folder.path, capture_output=True)
    if done.returncode:
        raise Skip("cannot make a venv")
    return os.path.join(folder.path, "env", "bin", "python")


def find_packages(python):
    """The folder of a virtual environment's installed packages."""
    answer = run([python, "-c", "import site; print(site.getsitepackages()[0])"])
    return answer.stdout.decode().strip()


def check_venv(interpreter, library):
    with Folder(hello=PROGRAM) as folder:
        python = make_venv(interpreter, folder)
        installed = folder.write(os.path.join(find_packages(python), "installed.py"), PROGRAM)
        folder.write("env/bin/hello-tool", "#!%s\nimport installed, hello\n" % python, True)
        result = run([python, "hello.py"], cwd=folder.path, library=library)
        expect_line(result, "hello.py", 3)
        result = run(["env/bin/hello-tool"], {"PYTHONPATH": folder.path}, cwd=folder.path,
                     library=library)
        expect_line(result, "hello.py", 3)
        if any(line.startswith(os.path.relpath(installed, folder.path) + ":")
               for line in result.lines):
            raise Failure("an installed package is traced: %s" % result.lines)


def check_early_code(interpreter, library):
    """sitecustomize is traced, and the import of site itself is seen."""
    with Folder(sitecustomize="early = 1\n", hello=PROGRAM) as folder:
        result = run([interpreter.executable, "hello.py"], {"PYTHONPATH": folder.path},
                     cwd=folder.path, library=library)
        expect_line(result, "sitecustomize.py", 1, "early = 1")
        result = run([interpreter.executable, "hello.py"], cwd=folder.path, library=library,
                     PYTRACE_INCLUDE="@all", PYTRACE_EVENTS="import")
        if not any("+ site " in line for line in result.lines):
            raise Failure("no import of site in %s" % result.lines[:20])


def check_path_file(interpreter, library):
    """The code that a .pth file runs is traced."""
    with Folder(hello=PROGRAM) as folder:
        python = make_venv(interpreter, folder)
        folder.write(os.path.join(find_packages(python), "early.pth"),
                     "import sys; import early\n")
        folder.write("early.py", "value = 1\n")
        result = run([python, "hello.py"], {"PYTHONPATH": folder.path}, cwd=folder.path,
                     library=library)
        expect_line(result, "early.py", 1, "value = 1")


def check_off(interpreter, library):
    """PYTRACE off or empty: nothing is traced, written or said."""
    with Folder(hello=PROGRAM) as folder:
        for value in ("0", "off", ""):
            result = run([interpreter.executable, "hello.py"], cwd=folder.path,
                         library=library, PYTRACE=value)
            expect_equal("stdout", result.stdout, b"hello ways\n")
            expect_equal("stderr", result.stderr, b"")
            expect_equal("trace", result.trace, b"")


def check_help(interpreter, library):
    with Folder(hello=PROGRAM) as folder:
        result = run([interpreter.executable, "hello.py"], cwd=folder.path,
                     library=library, PYTRACE="help", PYTRACE_DEPTH="7")
        expect_equal("stdout", result.stdout, b"hello ways\n")
        if b"libpytrace: PYTRACE_DEPTH=7 " not in result.stderr:
            raise Failure("help does not show the depth: %r" % result.stderr)
        expect_line(result, "hello.py", 3)


def check_subinterpreter(interpreter, library):
    """Code of a second interpreter is traced as well (3.9 and later)."""
    if interpreter.minor < 9:
        raise Skip("3.8 gives no chance to start in a second interpreter")
    script = """\
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import sys
for _ in range(2):
    second = interpreters.create()
    interpreters.run_string(second, "import sys; sys.path[:] = %r; import hello" % (sys.path,))
    interpreters.destroy(second)
import hello
"""
    with Folder(hello=PROGRAM, main=script) as folder:
        command = [interpreter.executable, "main.py"]
        plain = run(command, cwd=folder.path)
        if plain.status != 0:
            raise Skip("no second interpreter: %s" % plain.stderr.decode()[-200:])
        result = run(command, cwd=folder.path, library=library)
        expect_equal("stdout", result.stdout, plain.stdout)
        expect_equal("stderr", result.stderr, plain.stderr)
        runs = [line for line in result.lines if line.rstrip().endswith(LINE)]
        expect_equal("number of runs", len(runs), 3)


def check_interpreters_in_threads(interpreter, library):
    """Interpreters begin, run and end in several threads at the same time."""
    if interpreter.minor < 12:
        raise Skip("there is one GIL for all")
    script = """\
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import sys, threading
def work():
    for _ in range(8):
        one = interpreters.create()
        interpreters.run_string(one, "import sys; sys.path[:] = %r; import hello" % (sys.path,))
        interpreters.destroy(one)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
    with Folder(hello=PROGRAM, main=script) as folder:
        command = [interpreter.executable, "main.py"]
        plain = run(command, cwd=folder.path)
        if plain.status != 0:
            raise Skip("no such interpreters: %s" % plain.stderr.decode()[-200:])
        result = run(command, cwd=folder.path, library=library)
        expect_equal("status", result.status, 0)
        expect_equal("stderr", result.stderr, plain.stderr)
        runs = [line for line in result.lines if line.rstrip().endswith(LINE)]
        expect_equal("number of runs", len(runs), 32)


def check_pytest(interpreter, library):
    """Under pytest the project's source and tests are traced, and nothing else."""
    test = "import shop\n\ndef test_total():\n    assert shop.total([1, 2]) == 3\n"
    with Folder() as folder:
        folder.write("shop.py", "def total(items):\n    return sum(items)\n")
        folder.write("tests/test_shop.py", test)
        folder.write("conftest.py", "import pytest\n")
        environment = {"PYTHONPATH": folder.path}
        command = [interpreter.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        if run(command + ["--version"], environment).status:
            environment["PYTHONPATH"] += ":/usr/lib/python3/dist-packages"
        if run(command + ["--version"], environment).status:
            raise Skip("no pytest")
        plain = run(command, environment, cwd=folder.path)
        if plain.status:
            raise Skip("pytest does not run on this version")
        result = run(command, environment, cwd=folder.path, library=library)
        expect_equal("status", result.status, 0)
        expect_equal("stderr", result.stderr, plain.stderr)
        expect_line(result, "tests/test_shop.py", 4, "assert shop.total([1, 2]) == 3")
        expect_line(result, "shop.py", 2, "return sum(items)")
        files = {line.split(":")[0] for line in result.lines}
        expect_equal("files", files, {"conftest.py", "shop.py", "tests/test_shop.py"})


CHECKS = [
    check_script, check_module, check_command, check_stdin, check_zip_application,
    check_directory, check_shebang, check_flags, check_environment, check_venv,
    check_early_code, check_path_file, check_off, check_help, check_subinterpreter,
    check_interpreters_in_threads, check_pytest,
]
