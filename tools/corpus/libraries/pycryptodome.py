# /// script
# dependencies = ["pycryptodome"]
# [tool.slim]
# ci = true
# event = {text = "hello", modes = ["CBC", "GCM", "EAX", "OCB", "CFB"]}
# ///
"""Shared objects are opened with cffi or ctypes by dotted names."""

from Crypto.Cipher import AES, ChaCha20_Poly1305, DES3
from Crypto.Hash import BLAKE2b, SHA3_256, keccak
from Crypto.Protocol.KDF import scrypt
from Crypto.PublicKey import ECC, RSA
from Crypto.Signature import DSS, pkcs1_15
from Crypto.Util.Padding import pad


def lambda_handler(event, context):
    text = event["text"].encode()
    told = {}
    for mode in event["modes"]:
        cipher = AES.new(
            bytes(16),
            getattr(AES, f"MODE_{mode}"),
            **({"nonce": bytes(11)} if mode in ("GCM", "CCM", "EAX", "OCB") else {"iv": bytes(16)}),
        )
        told[mode] = cipher.encrypt(pad(text, 16)).hex()
    key = ECC.generate(curve="P-256")
    DSS.new(key.public_key(), "fips-186-3").verify(
        SHA3_256.new(text), DSS.new(key, "fips-186-3").sign(SHA3_256.new(text))
    )
    hashes = [
        SHA3_256.new(text).hexdigest(),
        keccak.new(digest_bits=256, data=text).hexdigest(),
        BLAKE2b.new(data=text).hexdigest(),
    ]
    return {
        "told": told,
        "hashes": hashes,
        "kdf": scrypt("p", "s", 16, 16, 8, 1).hex(),
        "chacha": ChaCha20_Poly1305.new(key=bytes(32), nonce=bytes(12)).encrypt(text).hex(),
        "des": DES3.new(bytes(range(24)), DES3.MODE_CBC, iv=bytes(8)).encrypt(pad(text, 8)).hex(),
        "rsa": RSA.generate(1024).size_in_bits(),
    }
