# /// script
# dependencies = ["pyjwt", "cryptography"]
# [tool.slim]
# event = {algorithms = ["RS256", "PS256", "ES256"]}
# ///
"""Algorithms need cryptography, whose backend is one shared object."""

import datetime

import jwt
from cryptography import fernet, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

WHEN = datetime.datetime(2024, 2, 29)


def lambda_handler(event, context):
    keys = {
        "RS256": rsa.generate_private_key(65537, 2048),
        "PS256": rsa.generate_private_key(65537, 2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
    }
    told = {
        name: jwt.decode(jwt.encode({"a": 1}, keys[name], name), keys[name].public_key(), [name])
        for name in event["algorithms"]
    }
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])
    key = keys["ES256"]
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, WHEN, WHEN + datetime.timedelta(9)).sign(
        key, hashes.SHA256()
    )
    again = x509.load_pem_x509_certificate(certificate.public_bytes(serialization.Encoding.PEM))
    secret = fernet.Fernet(fernet.Fernet.generate_key())
    return {
        "told": told,
        "issuer": again.issuer.rfc4514_string(),
        "secret": secret.decrypt(secret.encrypt(b"x")).decode(),
        "jwk": jwt.algorithms.RSAAlgorithm.to_jwk(keys["RS256"].public_key(), as_dict=True)["kty"],
    }
