# /// script
# dependencies = ["netaddr", "tldextract"]
# [tool.slim]
# ci = true
# event = {mac = "00-1B-77-49-54-FD", url = "https://a.b.example.co.uk/"}
# ///
"""Registries are text and XML files beside the code, opened when something is asked."""

import netaddr
import tldextract


def lambda_handler(event, context):
    parts = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)(event["url"])
    return {
        "vendor": netaddr.EUI(event["mac"]).oui.registration().org,
        "info": netaddr.IPAddress("192.0.2.1").info.IPv4[0]["designation"],
        "merged": [str(one) for one in netaddr.cidr_merge(["10.0.0.0/25", "10.0.0.128/25"])],
        "parts": [parts.subdomain, parts.domain, parts.suffix],
    }
