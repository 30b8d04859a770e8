# /// script
# dependencies = ["scapy"]
# [tool.slim]
# event = {contrib = "mqtt"}
# ///
"""Layers are imported by names from a list of the configuration."""

import os

os.environ.update(HOME="/tmp", XDG_CACHE_HOME="/tmp", XDG_CONFIG_HOME="/tmp")
from scapy.all import DNS, DNSQR, IP, TCP, UDP, Ether, load_contrib, rdpcap, wrpcap


def lambda_handler(event, context):
    packet = (
        Ether(src="00:11:22:33:44:55", dst="00:11:22:33:44:66")
        / IP(src="1.2.3.4", dst="5.6.7.8")
        / UDP()
        / DNS(qd=DNSQR(qname="e.org"))
    )
    again = Ether(bytes(packet))
    wrpcap("/tmp/a.pcap", [packet])
    load_contrib(event["contrib"])
    return {
        "summary": again.summary(),
        "read": len(rdpcap("/tmp/a.pcap")),
        "tcp": (IP(dst="1.1.1.1") / TCP(dport=80)).sprintf("%TCP.dport%"),
        "layers": [layer.__name__ for layer in again.layers()],
    }
