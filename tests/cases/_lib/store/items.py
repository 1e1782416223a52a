def price(name):
    return {"tea": 3}[name]
