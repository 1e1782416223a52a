def total(items):
    subtotal = 0
    for name, qty, price in items:
        subtotal += qty * price
    return subtotal


print(total([("tea", 2, 3.5)]))
# trace:
#   shop.py:1       > <module>
#   shop.py:1       def total(items):
#   shop.py:8       print(total([("tea", 2, 3.5)]))
#   shop.py:1       > total
#   shop.py:2         subtotal = 0
#   shop.py:3         for name, qty, price in items:
#   shop.py:4             subtotal += qty * price
#   shop.py:3         for name, qty, price in items:
#   shop.py:5         return subtotal
#   shop.py:5       < total
#   shop.py:8       < <module>
