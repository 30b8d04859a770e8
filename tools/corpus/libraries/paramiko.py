# /// script
# dependencies = ["paramiko"]
# [tool.slim]
# ci = true
# ///
"""Asks for its own metadata and loads compiled ciphers."""

import io

import paramiko


def lambda_handler(event, context):
    key = paramiko.RSAKey.generate(2048)
    out = io.StringIO()
    key.write_private_key(out, password="p")
    again = paramiko.RSAKey.from_private_key(io.StringIO(out.getvalue()), password="p")
    curve = paramiko.ECDSAKey.generate(bits=256)
    signed = curve.verify_ssh_sig(b"data", paramiko.Message(curve.sign_ssh_data(b"data").asbytes()))
    config = paramiko.SSHConfig.from_text("Host a\n  Port 2222\n").lookup("a")
    return {
        "same": again == key,
        "name": curve.get_name(),
        "signed": signed,
        "port": config["port"],
        "version": paramiko.__version__,
    }
