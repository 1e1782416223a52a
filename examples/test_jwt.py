"""Signs a JSON Web Token, verifies it, and sees a forged and an old one refused."""

import jwt_lite

KEY = b"correct horse battery staple"
NOW = 1700000000


def test_round_trip():
    token = jwt_lite.sign({"sub": "ada", "exp": NOW + 60}, KEY)
    assert jwt_lite.verify(token, KEY, NOW)["sub"] == "ada"


def is_refused(token, now):
    try:
        jwt_lite.verify(token, KEY, now)
    except jwt_lite.InvalidToken as error:
        return str(error)
    return None


def test_refusals():
    token = jwt_lite.sign({"sub": "ada", "exp": NOW}, KEY)
    assert is_refused(token[:-1] + "?", NOW) == "signature does not match"
    assert is_refused(token, NOW + 1) == "expired"


if __name__ == "__main__":
    for test in (test_round_trip, test_refusals):
        test()
        print(test.__name__, "passed")
