import os

print("buffered output is lost, as ever")
os.write(1, b"written\n")
os._exit(5)
# skip: reference
# trace:
#   os_exit.py:1    > <module>
#   os_exit.py:1    import os
#   os_exit.py:3    print("buffered output is lost, as ever")
#   os_exit.py:4    os.write(1, b"written\n")
#   os_exit.py:5    os._exit(5)
