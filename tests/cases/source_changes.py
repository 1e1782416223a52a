import os
import sys
import tempfile

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "changing.py")
    with open(path, "w") as file:
        file.write("def value():\n    return 1\n\n\ndef late():\n    return 2\n")
    sys.path.insert(0, folder)
    import changing
    os.remove(path)
    os.mkdir(path)
    print(changing.value() + changing.late())
# skip: reference
