#!/usr/bin/python3
"""What other programs make of `yoneda export`'s files: NetworkX, igraph, SciPy, Graphviz, and JSON
schemas. Graph, arrows and categories are written here, so every value is known.

usage: exports.py PROGRAM SOURCE_FOLDER
"""
import csv
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

import jsonschema
import numpy

from tensors import read_safetensors, write_safetensors

try:
    import networkx
except ImportError:
    networkx = None
try:
    import igraph
except ImportError:
    igraph = None
try:
    import scipy.sparse as sparse
except ImportError:
    sparse = None

PROGRAM, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
# Texts that XML, DOT or CSV could stumble over; only the first three are UTF-8 without controls.
TOKENS = [b" king", b'<a href="b">&amp;</a>', "Zürich, \u4e2d".encode(), b"", b"\x00\x01\x1b[31m\r\n\t", b"\xff\xfe",
          b"]]>", b"back\\slash", "\ufffe\u202e".encode(), b'"quoted"']
SHOWN = ["␣king", '<a href="b">&amp;</a>', "'Zürich, 中'", "''", r"\x00\x01\x1b[31m\r\n\t", r"\xff\xfe", "]]>",
         r"back\\slash", r"\u{fffe}\u{202e}", '"quoted"']
n, k = 12, 4


def needs(module, name):
    return unittest.skipUnless(module, f"skipped: {name} is not installed")


class Exports(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yoneda-"))
        self.addCleanup(shutil.rmtree, self.folder)
        random = numpy.random.default_rng(5)
        self.matrix = numpy.zeros((n, n), "float32")
        for a, b in random.permutation([(a, b) for a in range(n - 1) for b in range(a)])[:25]:
            self.matrix[a, b] = (random.standard_normal() * 10.0 ** random.integers(-20, 20)).astype("float32")
        self.graph = self.write_graph("g.safetensors", self.matrix + self.matrix.T, kind="profile", directed="false")
        self.arrows = self.write_arrows("a.safetensors", n)
        self.categories = self.folder / "c.json"
        self.labels = [-1, 0, 1] * (n // 3)
        self.categories.write_text(json.dumps({
            "format": "yoneda-categories/1", "labels": self.labels,
            "categories": [{"raised": [{"text": "king"}, {"text": "a, b"}]}, {"raised": []}]}))

    def write_graph(self, name, matrix, **metadata):
        rows, columns = matrix.nonzero()
        offsets = numpy.concatenate([[0], numpy.cumsum(numpy.bincount(rows, minlength=len(matrix)))])
        write_safetensors(self.folder / name, {"row_offsets": offsets.astype("int64"), "columns": columns.astype("int32"),
                                               "weights": matrix[rows, columns]},
                          {"format": "yoneda-graph/1", "command": "yoneda graph", **metadata})
        return self.folder / name

    def write_arrows(self, name, count):
        random = numpy.random.default_rng(count)
        tokens = numpy.array([random.permutation(len(TOKENS))[:2 * k] for _ in range(count)], "int32").reshape(count, 2 * k)
        logits = -numpy.sort(-random.standard_normal((count, 2 * k)).astype("float32"), axis=1)
        low, high = numpy.full(count, -2, "float32"), numpy.full(count, 3, "float32")
        self.statistics = {s: random.standard_normal(count).astype("float32") for s in ("mean", "std", "skewness", "kurtosis")}
        self.norm = random.random(count).astype("float32")
        self.histogram = random.integers(0, 9, (count, 52)).astype("int32")
        self.positive, self.negative = tokens[:, :k], tokens[:, k:]
        self.positive_logits, self.negative_logits = logits[:, :k], logits[:, :k - 1:-1]
        offsets = numpy.cumsum([0] + [len(token) for token in TOKENS])
        write_safetensors(self.folder / name, {
            "positive_tokens": self.positive, "positive_logits": self.positive_logits, "negative_tokens": self.negative,
            "negative_logits": self.negative_logits, **{f"logit_{s}": v for s, v in self.statistics.items()},
            "logit_min": low, "logit_max": high, "decoder_norm": self.norm, "logit_histogram": self.histogram,
            "histogram_low": low, "histogram_high": high, "token_bytes": numpy.frombuffer(b"".join(TOKENS), "uint8"),
            "token_offsets": offsets.astype("int64")}, {"format": "yoneda-arrows/1", "convention": "raw"})
        return self.folder / name

    def export(self, output, *arguments, whole=True):
        """Exports the graph with all that is known of it."""
        facts = ("--arrows", self.arrows, "--categories", self.categories) if whole else ()
        return self.done(self.graph, *facts, *arguments, "-o", self.folder / output)

    def run_export(self, *arguments):
        return subprocess.run([PROGRAM, "export", *map(str, arguments)], capture_output=True, text=True)

    def done(self, *arguments):
        ran = self.run_export(*arguments)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def refused(self, expected, *arguments):
        before = sorted(self.folder.rglob("*"))
        ran = self.run_export(*arguments)
        self.assertEqual(ran.returncode, 2, ran.stdout + ran.stderr)
        lines = [line for line in ran.stderr.splitlines() if not line.startswith("note: ") and line != "Run with --help for more information."]
        self.assertEqual(len(lines), 1, ran.stderr)
        self.assertIn(expected, lines[0])
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def valid(self, schema, path):
        found = json.loads(path.read_text())
        jsonschema.validate(found, json.loads((SOURCE / "schemas" / schema).read_text()))
        return found

    def words(self, tokens, most=k):
        return ", ".join(SHOWN[token] for token in tokens[:most])

    def same_matrix(self, triples, expected=None):
        found = numpy.zeros((n, n), "float32")
        for a, b, weight in triples:
            self.assertEqual(found[a, b], 0)
            found[a, b] = numpy.float32(weight)
        numpy.testing.assert_array_equal(found, self.matrix.T if expected is None else expected)

    def check_nodes(self, of):
        """of(node, name) as another program has it, None where there is no value."""
        for node in range(n):
            self.assertEqual(int(of(node, "feature")), node)
            self.assertEqual(of(node, "label"), self.words(self.positive[node]))
            self.assertEqual(of(node, "raises"), self.words(self.positive[node]))
            self.assertEqual(of(node, "lowers"), self.words(self.negative[node]))
            self.assertEqual(numpy.float32(of(node, "decoder_norm")), self.norm[node])
            for statistic, values in self.statistics.items():
                self.assertEqual(numpy.float32(of(node, statistic)), values[node], statistic)
            label = self.labels[node]
            self.assertEqual(of(node, "category"), None if label < 0 else label)
            self.assertEqual(of(node, "category_label"), {-1: None, 0: "#0 king, 'a, b'", 1: "#1"}[label])

    def back(self, name):
        """What the program itself reads from the file, as its own tensors."""
        self.done(self.folder / name, "--to", "safetensors", "-o", self.folder / "back.safetensors")
        return read_safetensors(self.folder / "back.safetensors")

    # ---- graphs

    @needs(networkx, "NetworkX")
    def test_networkx_reads_graphml(self):
        self.export("g.graphml")
        graph = networkx.read_graphml(self.folder / "g.graphml", node_type=lambda node: int(node[1:]))
        self.assertFalse(graph.is_directed())
        self.assertEqual(sorted(graph), list(range(n)))
        self.same_matrix((min(a, b), max(a, b), data["weight"]) for a, b, data in graph.edges(data=True))
        for _, _, data in graph.edges(data=True):
            self.assertEqual(data["sign"], numpy.sign(data["weight"]))
        self.check_nodes(lambda node, name: graph.nodes[node].get(name))
        self.assertEqual((graph.graph["kind"], graph.graph["directed"]), ("profile", "false"))
        self.assertIn("export", graph.graph["command"])
        # And back through NetworkX: words and record stay, the graph is the same.
        networkx.write_graphml(networkx.read_graphml(self.folder / "g.graphml"), self.folder / "nx.graphml")
        self.assertEqual(self.back("nx.graphml")[1]["kind"], "profile")
        self.same_tensors("nx.graphml")

    def same_tensors(self, name, graph=None):
        expected, said = read_safetensors(graph or self.graph)
        found, metadata = self.back(name)
        for tensor in ("row_offsets", "columns", "weights"):
            self.assertEqual(found[tensor].tobytes(), expected[tensor].tobytes(), (name, tensor))
        self.assertEqual((metadata["directed"], metadata["kind"]), (said["directed"], said["kind"]))
        self.assertEqual(metadata.get("upstream_features"), said.get("upstream_features"))

    @needs(igraph, "igraph")
    def test_igraph_reads_graphml(self):
        self.export("g.graphml")
        graph = igraph.Graph.Read_GraphML(str(self.folder / "g.graphml"))
        self.assertEqual((graph.vcount(), graph.is_directed(), graph["kind"]), (n, False, "profile"))
        self.assertEqual(graph.vs["id"], [f"n{node}" for node in range(n)])
        self.same_matrix((min(edge.tuple), max(edge.tuple), edge["weight"]) for edge in graph.es)
        missing = lambda value: None if value == "" or value != value else value
        self.check_nodes(lambda node, name: missing(graph.vs[node][name]))
        graph.write_graphml(str(self.folder / "ig.graphml"))
        self.assertEqual(self.back("ig.graphml")[1]["kind"], "profile")

    @needs(networkx, "NetworkX")
    def test_networkx_reads_gexf(self):
        self.export("g.gexf")
        graph = networkx.read_gexf(self.folder / "g.gexf", node_type=int)
        self.assertFalse(graph.is_directed())
        self.assertEqual(sorted(graph), list(range(n)))
        self.same_matrix((min(a, b), max(a, b), data["weight"]) for a, b, data in graph.edges(data=True))
        for _, _, data in graph.edges(data=True):
            self.assertEqual(data["sign"], numpy.sign(data["weight"]))
        self.check_nodes(lambda node, name: graph.nodes[node].get(name))
        self.assertIn("made by: ", (self.folder / "g.gexf").read_text())

    @needs(networkx, "NetworkX")
    def test_directed_graphs_stay_directed(self):
        self.graph = self.write_graph("d.safetensors", self.matrix, kind="user", directed="true")
        for name, read in (("d.graphml", lambda p: networkx.read_graphml(p, node_type=lambda i: int(i[1:]))),
                           ("d.gexf", lambda p: networkx.read_gexf(p, node_type=int))):
            self.export(name, whole=False)
            graph = read(self.folder / name)
            self.assertTrue(graph.is_directed())
            self.same_matrix(graph.edges(data="weight"), self.matrix)
            self.assertEqual(set(graph.nodes[0]) - {"label"}, {"feature"})  # nothing else is known

    def test_every_text_format_is_what_it_says(self):
        for name in ("g.graphml", "g.gexf"):
            self.export(name)
            ElementTree.parse(self.folder / name)
        self.export("g.dot")
        text = (self.folder / "g.dot").read_text()
        string = r'"(?:[^"\\\n]|\\.)*"'
        pattern = re.compile(rf"(// .*|graph yoneda \{{|\}}|  node \[.*\];|  \d+ \[label={string}(, category={string})?\];"
                             rf'|  (?P<a>\d+) -- (?P<b>\d+) \[weight="(?P<w>[-+.e\d]+)", color="#\w+"\];)')
        lines = [pattern.fullmatch(line) for line in text.splitlines()]
        self.assertTrue(all(lines), text)
        self.same_matrix((int(m["a"]), int(m["b"]), m["w"]) for m in lines if m["a"])

    @needs(shutil.which("dot"), "Graphviz")
    def test_graphviz_reads_dot(self):
        self.export("g.dot")
        ran = subprocess.run(["dot", "-Tjson", self.folder / "g.dot"], capture_output=True, text=True)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        found = json.loads(ran.stdout)
        self.assertEqual([node["name"] for node in found["objects"]], [str(node) for node in range(n)])
        self.same_matrix((edge["tail"], edge["head"], edge["weight"]) for edge in found["edges"])

    # ---- tables and matrices

    def test_csv_and_tsv(self):
        self.export("g.csv")
        rows = list(csv.DictReader((self.folder / "g.csv").open(newline="")))
        self.assertEqual(list(rows[0]), ["source", "target", "weight"])
        self.same_matrix((int(row["source"]), int(row["target"]), row["weight"]) for row in rows)
        beside = json.loads((self.folder / "g.csv-metadata.json").read_text())
        self.assertEqual((beside["@context"], beside["url"]), ("http://www.w3.org/ns/csvw", "g.csv"))
        self.assertEqual([column["name"] for column in beside["tableSchema"]["columns"]], list(rows[0]))
        self.assertIn("export", beside["notes"][0]["command"])
        for name, delimiter in (("f.csv", ","), ("f.tsv", "\t")):
            self.export(name, "--table", "features")
            rows = list(csv.DictReader((self.folder / name).open(newline=""), delimiter=delimiter))
            self.assertEqual([int(row["node"]) for row in rows], list(range(n)))
            value = lambda text: int(text) if text.isdigit() else text or None
            self.check_nodes(lambda node, column: value(rows[node][column]) if column == "category" else rows[node][column] or None)

    def test_what_is_lossless_comes_back_bit_for_bit(self):
        directed = self.write_graph("d.safetensors", self.matrix, kind="user", directed="true")
        matrix = numpy.zeros((n, n), "float32")
        matrix[:5, 5:] = self.matrix[5:10, :7][:5, :7]
        virtual = self.write_graph("v.safetensors", matrix, kind="virtual", directed="true", upstream_features="5")
        empty = self.write_graph("e.safetensors", numpy.zeros((n, n), "float32"), kind="decoder", directed="false")
        for graph in (self.graph, directed, virtual, empty):
            for name in ("t.graphml", "t.tsv", "t.mtx", "t.npz", "t.safetensors"):
                self.done(graph, "-o", self.folder / name)
                self.same_tensors(name, graph)
                first = (self.folder / name).read_bytes()
                self.done(graph, "-o", self.folder / name)
                self.assertEqual((self.folder / name).read_bytes(), first)

    @needs(sparse, "SciPy")
    def test_scipy_reads_npz(self):
        self.export("g.npz")
        matrix = sparse.load_npz(self.folder / "g.npz")
        self.assertEqual((matrix.format, matrix.dtype, matrix.shape), ("csr", "float32", (n, n)))
        numpy.testing.assert_array_equal(matrix.toarray(), self.matrix + self.matrix.T)
        matrix.check_format(full_check=True)
        self.assertTrue(matrix.has_sorted_indices)

    def test_numpy_reads_npz(self):
        self.export("g.npz")
        with numpy.load(self.folder / "g.npz") as file:
            self.assertEqual(file["format"].item(), b"csr")
            self.assertEqual(file["kind"].item(), b"profile")
            self.assertIn(b"export", file["command"].item())
            numpy.testing.assert_array_equal(file["category"], self.labels)

    # ---- JSON

    def test_neuronpedia(self):
        ran = self.run_export(self.graph, "--arrows", self.arrows, "--categories", self.categories, "--to", "neuronpedia",
                              "--model-id", "gpt2-small", "--source-id", "6-res-jb", "-o", self.folder / "n.json")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertIn("no activations", ran.stdout)
        found = self.valid("neuronpedia-feature.schema.json", self.folder / "n.json")
        self.assertIn("frac_nonzero", found["left_out"])
        self.assertEqual(len(found["features"]), n)
        text = lambda token: TOKENS[token].decode(errors="replace")
        for f, feature in enumerate(found["features"]):
            self.assertEqual((feature["modelId"], feature["layer"], feature["index"]), ("gpt2-small", "6-res-jb", str(f)))
            self.assertEqual(feature["pos_str"], [text(token) for token in self.positive[f]])
            self.assertEqual(feature["neg_str"], [text(token) for token in self.negative[f]])
            numpy.testing.assert_array_equal(numpy.float32(feature["pos_values"]), self.positive_logits[f])
            numpy.testing.assert_array_equal(numpy.float32(feature["neg_values"]), self.negative_logits[f])
            self.assertEqual(feature["logits_hist_data_bar_heights"], self.histogram[f, 1:-1].tolist())
            edges = numpy.linspace(-2, 3, 51)
            numpy.testing.assert_allclose(feature["logits_hist_data_bar_values"], (edges[1:] + edges[:-1]) / 2, atol=1e-12)
            self.assertEqual(feature["yoneda"]["pos_tokens"], self.positive[f].tolist())
            self.assertNotIn("topkCosSimIndices", feature)
            self.assertNotIn("frac_nonzero", feature)
        # Cosines are what a decoder graph holds.
        decoder = self.write_graph("d.safetensors", self.matrix + self.matrix.T, kind="decoder", directed="false")
        self.done(decoder, "--arrows", self.arrows, "--to", "neuronpedia", "-o", self.folder / "n.json")
        for f, feature in enumerate(self.valid("neuronpedia-feature.schema.json", self.folder / "n.json")["features"]):
            row = (self.matrix + self.matrix.T)[f]
            order = sorted(row.nonzero()[0], key=lambda g: (-row[g], g))
            self.assertEqual(feature["topkCosSimIndices"], order)
            numpy.testing.assert_array_equal(numpy.float32(feature["topkCosSimValues"]), row[order])
        # Features alone, without a graph.
        self.done("--arrows", self.arrows, "--to", "neuronpedia", "-o", self.folder / "n.json")
        self.assertEqual(len(self.valid("neuronpedia-feature.schema.json", self.folder / "n.json")["features"]), n)

    def test_circuit(self):
        ran = self.run_export(self.graph, "--arrows", self.arrows, "--categories", self.categories, "--to", "circuit",
                              "--model-id", "gpt2-small", "--layer", 6, "-o", self.folder / "c6.json")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertIn("no prompt and no activations", ran.stdout)
        found = self.valid("circuit-graph.schema.json", self.folder / "c6.json")
        self.assertEqual((found["metadata"]["slug"], found["metadata"]["scan"]), ("c6", "gpt2-small"))
        self.assertIn("no prompt", found["metadata"]["info"]["description"])
        ids = {node["node_id"]: f for f, node in enumerate(found["nodes"])}
        self.assertEqual(list(ids), [f"6_{f}_0" for f in range(n)])
        for f, node in enumerate(found["nodes"]):
            # The viewers' own way back from the number to layer and feature.
            w = int((numpy.sqrt(8 * node["feature"] + 1) - 1) // 2)
            self.assertEqual((w - (node["feature"] - w * (w + 1) // 2), node["feature"] - w * (w + 1) // 2), (6, f))
            self.assertTrue(node["clerp"].startswith(self.words(self.positive[f])))
        self.same_matrix(((ids[link["source"]], ids[link["target"]], link["weight"]) for link in found["links"]), self.matrix + self.matrix.T)

        matrix = numpy.zeros((n, n), "float32")
        matrix[:5, 5:] = self.matrix[5:10, :7]
        virtual = self.write_graph("v.safetensors", matrix, kind="virtual", directed="true", upstream_features="5")
        a, b = self.write_arrows("a5.safetensors", 5), self.write_arrows("b7.safetensors", 7)
        self.done(virtual, "--arrows", a, "--arrows-to", b, "--to", "circuit", "--layer", 3, "--layer-to", 9, "-o", self.folder / "v.json")
        found = self.valid("circuit-graph.schema.json", self.folder / "v.json")
        ids = {node["node_id"]: f for f, node in enumerate(found["nodes"])}
        self.assertEqual(list(ids), [f"3_{f}_0" for f in range(5)] + [f"9_{f}_0" for f in range(7)])
        self.same_matrix(((ids[link["source"]], ids[link["target"]], link["weight"]) for link in found["links"]), matrix)
        self.assertEqual(found["nodes"][5]["clerp"], self.words(self.positive[0]))  # of the second arrows

    def test_lattice(self):
        path = self.folder / "l.graphml"
        ran = subprocess.run([PROGRAM, "lattice", self.arrows, "--min-support", "2", "--null", "none", "-o", path], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        graph = networkx.read_graphml(path)
        self.assertTrue(networkx.is_directed_acyclic_graph(graph))
        subprocess.run([PROGRAM, "lattice", self.arrows, "--min-support", "2", "--null", "none", "-o", self.folder / "l.json"], check=True, capture_output=True)
        ends = self.valid("lattice.schema.json", self.folder / "l.json")["ends"]
        for end in ends:
            side = [node for node in graph if graph.nodes[node]["end"] == end["end"]]
            self.assertEqual(side, [f"{end['end']}{i}" for i in range(len(end["concepts"]) + end["bottom"]["added"])])
            for node, concept in zip(side, end["concepts"]):
                data = graph.nodes[node]
                self.assertEqual((data["support"], data["size"]), (concept["support"], len(concept["tokens"])))
                self.assertEqual(data["features"], " ".join(map(str, concept["features"])))
                self.assertEqual(data.get("token_ids", ""), " ".join(str(t["token"]) for t in concept["tokens"]))
                self.assertEqual(data.get("tokens", ""), self.words([t["token"] for t in concept["tokens"]], None))
            covers = {(f"{end['end']}{a}", f"{end['end']}{b}") for a, b in end["covers"]}
            if end["bottom"]["added"]:
                self.assertEqual(graph.nodes[side[-1]]["label"], "bottom")
                covers |= {(f"{end['end']}{a}", side[-1]) for a in end["bottom"]["below"]}
            self.assertEqual({edge for edge in graph.edges if edge[0] in side}, covers)
            # The order of concepts, from the drawing alone: below is to have fewer features.
            for above, below in covers:
                a, b = (set(graph.nodes[node].get("features", "").split()) for node in (above, below))
                self.assertLess(b, a)
                self.assertAlmostEqual(graph.edges[above, below]["confidence"], len(b) / len(a))
        self.assertEqual(len(graph), sum(len(end["concepts"]) + end["bottom"]["added"] for end in ends))

    # ---- our own files

    def test_readme_reads_our_files_with_numpy_alone(self):
        example = SOURCE / "examples" / "read_files.py"
        blocks = re.findall(r"```python\n(.*?)```", (SOURCE / "README.md").read_text(), re.DOTALL)
        self.assertTrue(blocks)
        for block in blocks:
            for line in block.splitlines():
                self.assertIn(line + "\n", example.read_text())
        study = self.folder / "study"
        study.mkdir()
        shutil.copy(self.graph, study / "graph.safetensors")
        shutil.copy(self.arrows, study / "arrows.safetensors")
        shutil.copy(self.categories, study / "categories.json")
        for f in (0, 1):
            ran = subprocess.run([sys.executable, example, study, str(f)], capture_output=True)
            lines = ran.stdout.decode().split("\n")
            self.assertEqual((ran.returncode, lines[0]), (0, "12 features, logits raw"), ran.stderr)
            row = (self.matrix + self.matrix.T)[f]
            self.assertIn(f"profile graph, 50 entries; neighbours of #{f}:", lines)
            self.assertIn(f"  #{abs(row).argmax()} {row[abs(row).argmax()]:+.3f}  ", ran.stdout.decode())
            self.assertEqual("category #0: king, a, b" in lines, f == 1)
            text = TOKENS[self.positive[f, 0]].decode(errors="replace")
            self.assertIn(f"positive: {text} {self.positive_logits[f, 0]:.3f}, ", ran.stdout.decode())

    # ---- bad input

    def test_standard_output_holds_the_file_alone(self):
        self.export("g.tsv", whole=False)
        text = self.done(self.graph, "--to", "tsv", "-o", "-")
        kept = lambda text: [line for line in text.splitlines() if not line.startswith("# made by")]
        self.assertEqual(kept(text), kept((self.folder / "g.tsv").read_text()))
        self.assertEqual(len(list(csv.reader(io.StringIO(self.done(self.graph, "--to", "csv", "-o", "-"))))), 26)

    def test_bad_input_is_one_line(self):
        out = self.folder / "out"
        self.refused("'gml' is none of graphml, gexf, dot, csv, tsv, mtx, npz, safetensors, neuronpedia, circuit", self.graph, "--to", "gml", "-o", out)
        self.refused("--to is missing", self.graph, "-o", out)
        self.refused("cannot be written", self.graph, "--to", "gexf", "-o", self.folder / "none" / "g")
        self.refused("cannot be written", self.graph, "--to", "csv", "-o", self.folder)
        self.refused("nowhere", self.folder / "nowhere", "--to", "csv", "-o", out)
        self.refused("expected a 'yoneda-graph' file, found 'yoneda-arrows/1'", self.arrows, "--to", "csv", "-o", out)
        self.refused("name a study or a graph", "--to", "csv", "-o", out)
        self.refused("name a study, or the arrows by --arrows", self.graph, "--to", "neuronpedia", "-o", out)
        self.refused("arrows of 5 features for the 12 features", self.graph, "--arrows", self.write_arrows("a5.safetensors", 5),
                     "--to", "graphml", "-o", out)
        for flag, value in (("--table", "features"), ("--model-id", "x"), ("--source-id", "x"), ("--layer", "1"), ("--layer-to", "1")):
            self.refused(f"{flag}: of ", self.graph, flag, value, "--to", "gexf", "-o", out)
        (self.folder / "bad.graphml").write_text("<graphml>\n<graph><edge/></graph></graphml>")
        self.refused("line 2: <edge> without 'source'", self.folder / "bad.graphml", "--to", "csv", "-o", out)


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    for _, reason in result.skipped:
        print(reason)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(bad > 0)
