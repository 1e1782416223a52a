def leave():
    raise SystemExit("with a message")


leave()
