# /// script
# dependencies = ["rdflib"]
# [tool.slim]
# event = {turtle = "@prefix e: <http://e/> . e:a e:b 3, 4 .", formats = ["xml", "nt", "json-ld", "n3"]}
# ///
"""Parsers, serializers and stores are named by strings in a table of plugins."""

import rdflib


def lambda_handler(event, context):
    graph = rdflib.Graph().parse(data=event["turtle"], format="turtle")
    told = {
        name: len(rdflib.Graph().parse(data=graph.serialize(format=name), format=name)) for name in event["formats"]
    }
    rows = [str(row.o) for row in graph.query("SELECT ?o WHERE { ?s ?p ?o } ORDER BY ?o")]
    graph.update("INSERT DATA { <http://e/a> <http://e/b> 7 }")
    return {
        "told": told,
        "rows": rows,
        "size": len(graph),
        "names": sorted(prefix for prefix, _ in graph.namespaces())[:3],
    }
