# /// script
# dependencies = ["lxml", "cssselect"]
# [tool.slim]
# ci = true
# event = {xml = "<a><b>3</b></a>", css = "div.x > p"}
# ///
"""Compiled modules import others; schemas and stylesheets are data files."""

import io

from lxml import etree, html, objectify
from lxml.builder import E
from lxml.isoschematron import Schematron


def lambda_handler(event, context):
    root = etree.fromstring(event["xml"])
    sheet = etree.XSLT(
        etree.fromstring(
            '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><o><xsl:value-of select="//b"/></o></xsl:template></xsl:stylesheet>'
        )
    )
    rules = Schematron(
        etree.fromstring(
            '<schema xmlns="http://purl.oclc.org/dsdl/schematron"><pattern><rule context="a"><assert test="b">b</assert></rule></pattern></schema>'
        )
    )
    page = html.fromstring("<div class=x><p>hi<a href=/y>l</a></div>")
    page.make_links_absolute("https://e.org/")
    relax = etree.RelaxNG(
        etree.fromstring(
            '<element name="a" xmlns="http://relaxng.org/ns/structure/1.0"><zeroOrMore><element name="b"><text/></element></zeroOrMore></element>'
        )
    )
    return {
        "xslt": str(sheet(root)),
        "schematron": rules.validate(root),
        "css": [one.text for one in page.cssselect(event["css"])],
        "link": page.xpath("//a/@href"),
        "object": int(objectify.fromstring(event["xml"]).b),
        "made": etree.tostring(E.a(E.b("c"))).decode(),
        "relax": relax.validate(root),
        "parsed": sum(1 for _ in etree.iterparse(io.BytesIO(event["xml"].encode()))),
    }
