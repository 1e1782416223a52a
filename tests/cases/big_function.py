source = "def big():\n" + "".join("    x%d = %d\n" % (i % 50, i) for i in range(3000))
names = {"__name__": "__main__"}
exec(compile(source, "big.py", "exec"), names)
names["big"]()
