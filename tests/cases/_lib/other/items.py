def price(name):
    return 0
