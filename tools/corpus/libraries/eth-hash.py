# /// script
# dependencies = ["eth-hash[pycryptodome]", "netaddr"]
# [tool.slim]
# ci = true
# event = {text = "hello", mac = "00-1B-77-49-54-FD"}
# ///
"""The backend is imported by a name that is tried from a list."""

import netaddr
from eth_hash.auto import keccak


def lambda_handler(event, context):
    return {"hash": keccak(event["text"].encode()).hex(), "vendor": netaddr.EUI(event["mac"]).oui.registration().org, "info": len(netaddr.IPAddress("192.0.2.1").info), "summary": [str(one) for one in netaddr.cidr_merge(["10.0.0.0/25", "10.0.0.128/25"])]}
