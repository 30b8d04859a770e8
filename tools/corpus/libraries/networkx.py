# /// script
# dependencies = ["networkx", "numpy", "scipy"]
# [tool.slim]
# event = {graph = "karate_club_graph", measures = ["pagerank", "eigenvector_centrality_numpy", "betweenness_centrality", "closeness_centrality"], layouts = ["spring_layout", "spectral_layout", "kamada_kawai_layout"], lazy = "numpy", backend = "networkx"}
# ///
"""Functions are dispatched to backends of entry points; modules are imported lazily."""

import io

import networkx
from networkx.lazy_imports import _lazy_import
from networkx.utils import argmap, not_implemented_for, open_file


@not_implemented_for("directed")
@argmap(str.upper, 1)
def shouted(graph, name):
    return f"{name} {len(graph)}"


@open_file(1, "w")
def written(graph, path):
    path.write(str(len(graph)))


def lambda_handler(event, context):
    graph = getattr(networkx, event["graph"])()
    path = networkx.shortest_path(graph, 0, 33)
    out = io.BytesIO()
    networkx.write_graphml_xml(graph, out)
    again = networkx.read_gml(io.BytesIO("\n".join(networkx.generate_gml(graph)).encode()))
    communities = networkx.community.greedy_modularity_communities(graph)
    measured = {name: round(getattr(networkx, name)(graph)[0], 6) for name in event["measures"]}
    written(graph, "/tmp/graph.txt")
    try:
        shouted(networkx.DiGraph(), "no")
    except networkx.NetworkXNotImplemented as error:
        refused = str(error)
    return {
        "measured": measured,
        "layouts": [getattr(networkx, name)(graph, **seed(name))[0].round(4).tolist() for name in event["layouts"]],
        "shouted": shouted(graph, "yes"),
        "refused": refused,
        "lazy": _lazy_import(event["lazy"]).arange(2).tolist(),
        "matrix": [networkx.to_numpy_array(graph).sum(), networkx.to_scipy_sparse_array(graph).nnz],
        "spectrum": float(networkx.laplacian_spectrum(graph)[1].round(6)),
        "backend": networkx.degree_assortativity_coefficient(graph, backend=event["backend"]) < 0,
        "path": path,
        "bytes": len(out.getvalue()),
        "again": len(again),
        "communities": [len(one) for one in communities],
        "tree": len(networkx.minimum_spanning_tree(graph).edges),
        "coloring": max(networkx.coloring.greedy_color(graph, "DSATUR").values()),
        "atlas": len(networkx.graph_atlas(9)),
        "social": networkx.les_miserables_graph().number_of_nodes(),
    }


def seed(name):
    return {"seed": 1} if name == "spring_layout" else {}
