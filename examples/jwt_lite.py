"""JSON Web Tokens signed with HMAC-SHA256: the standard library is all it needs."""

import base64
import hashlib
import hmac
import json


class InvalidToken(Exception):
    """The token is malformed, forged or out of date."""


def encode_part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_part(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signature(message, key):
    return encode_part(hmac.new(key, message.encode(), hashlib.sha256).digest())


def sign(claims, key):
    header = {"alg": "HS256", "typ": "JWT"}
    parts = [encode_part(json.dumps(part).encode()) for part in (header, claims)]
    message = ".".join(parts)
    return message + "." + signature(message, key)


def verify(token, key, now):
    message, _, given = token.rpartition(".")
    if not hmac.compare_digest(given, signature(message, key)):
        raise InvalidToken("signature does not match")
    claims = json.loads(decode_part(message.split(".")[1]))
    if claims["exp"] < now:
        raise InvalidToken("expired")
    return claims
