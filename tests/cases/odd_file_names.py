import os


def run(name):
    exec(compile("x = 1\n", name, "exec"), {"__name__": "__main__"})


for each in ["/", "//", "/..", "/.", "", "<", ">", "<>", "a\nb", "/tmp", "/dev/null",
             "\udc00", "<frozen >"]:
    run(each)
run("x" * 10000)
os.chdir("/")
for each in [".", "..", "./", "tmp/.."]:
    run(each)
print("all of them")
# env: PYTRACE_EVENTS=line
# env: PYTRACE_EXCLUDE=odd_file_names.py
# skip: reference
# trace:
#   /:1
#   /:1
#   /:1
#   /:1
#   :1
#   <:1
#   >:1
#   <>:1
#   a b:1
#   /tmp:1
#   /dev/null:1
#   \udc00:1
#   xxxxxxxxxxx...xxxxx:1
#   /:1
#   /:1
#   /:1
#   /:1
