name = "café"
print(len(name))

if name:
	print("tab")
# env: PYTRACE_EVENTS=line
# trace:
#   bom_crlf.py:1   name = "café"
#   bom_crlf.py:2   print(len(name))
#   bom_crlf.py:4   if name:
#   bom_crlf.py:5           print("tab")
