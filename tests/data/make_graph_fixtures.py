#!/usr/bin/python3
"""Writes the same graphs with NetworkX and igraph under graph/, and what they save in a layout of
Gephi's: what a reader of graph files must read.

The graph has nodes 0 to 4 (4 has no edge) and edges 0-1 0.1, 1-2 -2.5, 0-3 1e-7, 2-3 -0.30000001,
weights in float32. `words` has the same edges between names. NetworkX 2.8, igraph 0.10, SciPy 1.10.
"""
import pathlib

import igraph
import networkx
import numpy
import scipy.sparse

folder = pathlib.Path(__file__).parent / "graph"
folder.mkdir(exist_ok=True)
edges = [(0, 1, 0.1), (1, 2, -2.5), (0, 3, 1e-7), (2, 3, -0.30000001)]
edges = [(a, b, float(numpy.float32(w))) for a, b, w in edges]

for name, kind in (("undirected", networkx.Graph), ("directed", networkx.DiGraph)):
    graph = kind()
    graph.add_nodes_from([3, 1, 0, 2, 4])  # not in their order
    for a, b, weight in edges:
        graph.add_edge(a, b, weight=weight, sign=1 if weight > 0 else -1)
    networkx.write_graphml(graph, folder / f"networkx_{name}.graphml")

graph = networkx.Graph()
for a, b, weight in edges:
    graph.add_edge(("royal", "king & queen", "<b>", "Zürich")[a], ("royal", "king & queen", "<b>", "Zürich")[b], weight=weight)
networkx.write_graphml(graph, folder / "networkx_words.graphml")

for name, directed in (("undirected", False), ("directed", True)):
    graph = igraph.Graph(n=5, edges=[(a, b) for a, b, _ in edges], directed=directed)
    graph.es["weight"] = [weight for _, _, weight in edges]
    graph.vs["label"] = ["royal", "king & queen", "<b>", "Zürich", ""]
    graph["title"] = "of no kind"
    graph.write_graphml(str(folder / f"igraph_{name}.graphml"))

igraph.Graph(n=3, edges=[(0, 1), (1, 2)]).write_graphml(str(folder / "igraph_unweighted.graphml"))

# Gephi cannot be run from here: its GraphML as files that it saved show it (keys of the viewer's
# own, an id on every edge, the weight last).
header = """<?xml version="1.0" encoding="UTF-8"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key attr.name="label" attr.type="string" for="node" id="label"/>
<key attr.name="Edge Label" attr.type="string" for="edge" id="edgelabel"/>
<key attr.name="weight" attr.type="double" for="edge" id="weight"/>
<key attr.name="r" attr.type="int" for="node" id="r"/>
<key attr.name="size" attr.type="float" for="node" id="size"/>
<graph edgedefault="undirected">
"""
nodes = "".join(f'''<node id="{i}">
<data key="label">{i}</data>
<data key="size">10.0</data>
<data key="r">153</data>
</node>
''' for i in range(5))
links = "".join(f'''<edge id="{i}" source="{a}" target="{b}">
<data key="edgelabel"></data>
<data key="weight">{weight!r}</data>
</edge>
''' for i, (a, b, weight) in enumerate(edges))
(folder / "gephi.graphml").write_text(header + nodes + links + "</graph>\n</graphml>\n")

rows, columns, weights = (numpy.array(x) for x in zip(*edges))
matrix = scipy.sparse.csr_matrix((weights.astype("float32"), (rows, columns)), shape=(5, 5))
scipy.sparse.save_npz(folder / "scipy_directed.npz", matrix)
scipy.sparse.save_npz(folder / "scipy_undirected.npz", (matrix + matrix.T).tocsr(), compressed=False)
scipy.sparse.save_npz(folder / "scipy_columns.npz", matrix.tocsc())
