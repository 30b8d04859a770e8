# /// script
# dependencies = ["dnspython"]
# [tool.slim]
# ci = true
# event = {records = {MX = "10 mx.e.org.", TXT = "\"v=spf1\"", CAA = "0 issue \"x\"", SRV = "1 2 3 a.", SVCB = "1 a. alpn=h2", LOC = "1 2 3 N 4 5 6 E 7m"}}
# ///
"""Types of records are modules whose names are made from class and type."""

import dns.message
import dns.name
import dns.rdata
import dns.zone


def lambda_handler(event, context):
    told = {kind: dns.rdata.from_text("IN", kind, text).to_text() for kind, text in event["records"].items()}
    zone = dns.zone.from_text("@ 300 IN SOA a. b. 1 2 3 4 5\n@ NS a.\nwww CNAME x.y.\n", origin="e.org")
    query = dns.message.make_query("e.org", "MX", use_edns=0)
    return {
        "told": told,
        "zone": len(zone.nodes),
        "wire": len(dns.message.from_wire(query.to_wire()).question),
        "idna": dns.name.from_text("ä.de").to_text(),
    }
