# /// script
# dependencies = ["networkx"]
# [tool.slim]
# event = {graph = "karate_club_graph"}
# ///
"""Functions are dispatched to backends of entry points; modules are imported lazily."""

import io

import networkx


def lambda_handler(event, context):
    graph = getattr(networkx, event["graph"])()
    path = networkx.shortest_path(graph, 0, 33)
    out = io.BytesIO()
    networkx.write_graphml_xml(graph, out)
    again = networkx.read_gml(io.BytesIO("\n".join(networkx.generate_gml(graph)).encode()))
    communities = networkx.community.greedy_modularity_communities(graph)
    return {
        "path": path,
        "bytes": len(out.getvalue()),
        "again": len(again),
        "communities": [len(one) for one in communities],
        "tree": len(networkx.minimum_spanning_tree(graph).edges),
        "coloring": max(networkx.coloring.greedy_color(graph, "DSATUR").values()),
        "atlas": len(networkx.graph_atlas(9)),
        "social": networkx.les_miserables_graph().number_of_nodes(),
    }
