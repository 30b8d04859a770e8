# /// script
# dependencies = ["passlib"]
# [tool.slim]
# ci = true
# event = {schemes = ["pbkdf2_sha256", "sha512_crypt", "md5_crypt", "scram", "django_pbkdf2_sha256", "ldap_md5"]}
# ///
"""Handlers of hashes are imported by names from a registry."""

from passlib import hash as hashes
from passlib.context import CryptContext


def lambda_handler(event, context):
    chosen = CryptContext(schemes=event["schemes"])
    told = {name: chosen.verify("p", chosen.handler(name).hash("p")) for name in event["schemes"]}
    return {"told": told, "known": hashes.sha512_crypt.identify("$6$x$y")}
