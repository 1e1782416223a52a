for i in range(2): print(i)
n = 2
while n: n -= 1
def f(): return 1
print(f(), [f() for _ in "ab"])
if n: print("no")
else: print("yes")
# env: PYTRACE_EVENTS=line
