// Graphs as other programs save them (tests/data/make_graph_fixtures.py), and XML that lies.
#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>

#include "temporary.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/io/npz.hpp"
#include "yoneda/study/graph_file.hpp"

using namespace yoneda;

namespace {

study::GraphFile fixture(const std::string& name, bool directed = false) {
  return study::read_graph(std::string(YONEDA_TEST_DATA "/graph/") + name, directed);
}

// The edges of make_graph_fixtures.py.
SignedGraph expected(Direction direction, Index n = 5) {
  return SignedGraph::from_edges(n,
                                 {{0, 1, 0.1f}, {1, 2, -2.5f}, {0, 3, 1e-7f}, {2, 3, -0.30000001f}},
                                 direction, GraphKind::user);
}

void check_same(const SignedGraph& a, const SignedGraph& b) {
  CHECK(a.direction() == b.direction());
  CHECK(a.kind() == b.kind());
  CHECK(std::ranges::equal(a.offsets(), b.offsets()));
  CHECK(std::ranges::equal(a.columns(), b.columns()));
  CHECK(std::ranges::equal(a.weights(), b.weights()));
}

std::string graphml(const std::string& inside) {
  return "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"
         "<key id=\"w\" for=\"edge\" attr.name=\"weight\" attr.type=\"double\"/>\n" +
         inside + "</graphml>\n";
}

class Written {
 public:
  study::GraphFile operator()(const std::string& text, bool directed = false) const {
    io::write_text(folder_ / "g.graphml", text);
    return study::read_graph(folder_ / "g.graphml", directed);
  }
  void refuses(const std::string& text, const std::string& reason) const {
    try {
      (*this)(text);
      FAIL("read: ", text);
    } catch (const Error& error) {
      const std::string message = error.what();
      CAPTURE(message);
      CHECK((error.kind == ErrorKind::format || error.kind == ErrorKind::value));
      CHECK(message.starts_with(folder_ / "g.graphml"));
      CHECK(message.find(reason) != message.npos);
      CHECK(message.find('\n') == message.npos);
      CHECK(message.size() < 400);
    }
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("what NetworkX, igraph, Gephi and SciPy save is the graph they had") {
  for (const char* name : {"networkx_undirected.graphml", "igraph_undirected.graphml",
                           "gephi.graphml", "scipy_undirected.npz"}) {
    CAPTURE(name);
    const auto file = fixture(name);
    check_same(file.graph, expected(Direction::undirected));
    CHECK(file.notes.empty());
    // The file says so, whatever the reader thinks.
    check_same(fixture(name, true).graph, file.graph);
  }
  for (const char* name :
       {"networkx_directed.graphml", "igraph_directed.graphml", "scipy_directed.npz"}) {
    CAPTURE(name);
    check_same(fixture(name).graph, expected(Direction::directed));
  }
}

TEST_CASE("nodes with names are numbered as they appear, and a note says so") {
  const auto file = fixture("networkx_words.graphml");
  check_same(file.graph, expected(Direction::undirected, 4));
  REQUIRE(file.notes.size() == 1);
  CHECK(file.notes[0].find("'royal' is 0") != std::string::npos);
}

TEST_CASE("a graph without weights weighs 1 everywhere, and a note says so") {
  const auto file = fixture("igraph_unweighted.graphml");
  check_same(file.graph, SignedGraph::from_edges(3, {{0, 1, 1}, {1, 2, 1}}, Direction::undirected,
                                                 GraphKind::user));
  REQUIRE(file.notes.size() == 1);
  CHECK(file.notes[0].find("every edge weighs 1") != std::string::npos);
}

TEST_CASE("SciPy's columns are refused by name") {
  CHECK_THROWS_WITH_AS(fixture("scipy_columns.npz"), doctest::Contains("found 'csc'"), Error);
}

TEST_CASE("GraphML's own freedoms") {
  const Written read;
  const auto edge = [](const std::string& attributes, const std::string& weight) {
    return "<edge " + attributes + "><data key='w'>" + weight + "</data></edge>\n";
  };
  const std::string nodes = "<node id='n1'/><node id='n0'/>";
  SUBCASE("ids behind one word keep their numbers, in any order") {
    const auto file = read(graphml("<graph edgedefault='directed'>" + nodes +
                                   edge("source='n1' target='n0'", " 2.5\n") + "</graph>"));
    CHECK(file.graph.weight(1, 0) == 2.5f);
    CHECK(file.graph.directed());
  }
  SUBCASE("edges may come before their nodes, and say their own direction") {
    const auto file =
        read(graphml("<graph edgedefault='undirected'>" +
                     edge("directed='true' source='n1' target='n0'", "1") + nodes + "</graph>"));
    CHECK(file.graph.directed());
    CHECK(file.graph.weight(1, 0) == 1.0f);
  }
  SUBCASE("a weight's default stands for what is missing") {
    const auto file = read(
        "<graphml><key id='w' for='edge' attr.name='Weight'><default>-3</default></key>"
        "<graph>" +
            nodes + "<edge source='n0' target='n1'/></graph></graphml>",
        true);
    CHECK(file.graph.weight(0, 1) == -3.0f);
    CHECK(file.graph.directed());
  }
  SUBCASE("what other namespaces say is passed over") {
    const auto file = read(
        "<?xml version='1.0' encoding='ISO-8859-1'?><g:graphml "
        "xmlns:g='http://graphml.graphdrawing.org/xmlns' "
        "xmlns:y='urn:y'><g:key id='w' for='edge' attr.name='weight'/><g:key "
        "id='d'/><y:graph/><g:graph "
        "edgedefault='undirected'><g:node id='n0'><g:data key='d'><y:Shape><y:node "
        "id='x'/></y:Shape></g:data></g:node>"
        "<g:node id='n1'><y:edge/></g:node><g:edge source='n0' target='n1'><g:data "
        "key='w'>1</g:data></g:edge>"
        "</g:graph></g:graphml>");
    CHECK(file.graph.node_count() == 2);
    CHECK(file.graph.edge_count() == 1);
  }
  SUBCASE("a graph of no nodes is a graph") {
    CHECK(read(graphml("<graph edgedefault='directed'/>")).graph.node_count() == 0);
  }
  SUBCASE("an external document type is not opened") {
    const auto file = read("<!DOCTYPE graphml SYSTEM 'file:///nowhere.dtd'>" +
                           graphml("<graph>" + nodes + "</graph>"));
    CHECK(file.graph.node_count() == 2);
  }
}

TEST_CASE("damaged GraphML is refused in one line that names the line") {
  const Written read;
  const std::string nodes = "<node id='0'/><node id='1'/>\n";
  const auto graph = [&](const std::string& inside) {
    return graphml("<graph edgedefault='undirected'>\n" + nodes + inside + "</graph>");
  };
  read.refuses("<html/>", "expected GraphML, found <html>");
  read.refuses("<gexf/>", "Gephi and NetworkX save GraphML, too");
  read.refuses("<graphml>", "line 1: is no XML: no element found");
  read.refuses("<graphml>\n<graph></graphml>", "line 2: is no XML: mismatched tag");
  read.refuses("<graphml/>", "holds no <graph>");
  read.refuses(graphml("<graph/><graph/>"), "line 3: a second graph");
  read.refuses(graphml("<graph edgedefault='both'/>"), "line 3: edgedefault is 'both'");
  read.refuses(graph("<node/>"), "line 5: <node> without 'id'");
  read.refuses(graph("<node id='1'/>"), "line 5: the node '1' is given twice");
  read.refuses(graph("<edge source='0'/>"), "line 5: <edge> without 'target'");
  read.refuses(graph("<edge source='0' target='0'/>"), "line 5: a self-loop at '0'");
  read.refuses(graph("<edge source='0' target='2'><data key='w'>1</data></edge>"),
               "an edge leads to '2', but no node");
  read.refuses(graph("<edge source='0' target='1'/>"), "line 5: an edge without a weight");
  for (const char* weight : {"x", "", "nan", "inf", "0", "1e99", "1 2"})
    read.refuses(graph("<edge source='0' target='1'><data key='w'>" + std::string(weight) +
                       "</data></edge>"),
                 "line 5: '" + std::string(weight) + "' is not a weight");
  read.refuses(graph("<edge source='0' target='1'><data key='v'>1</data></edge>"),
               "line 5: no <key> has the id 'v'");
  read.refuses(graph("<edge source='0' target='1'><data key='w'>1</data></edge>"
                     "<edge source='1' target='0'><data key='w'>2</data></edge>"),
               "given more than once");
  read.refuses(graph("<edge source='0' target='1'><data key='w'>1</data></edge>\n"
                     "<edge directed='true' source='1' target='0'><data key='w'>1</data></edge>"),
               "line 6: directed edges beside undirected ones");
  read.refuses(graph("<hyperedge/>"), "line 5: a hyperedge");
  read.refuses(graph("<node id='2'><graph/></node>"), "line 5: nested graphs");
  read.refuses("<graphml><key id='a'/><key id='a'/></graphml>", "the key 'a' is given twice");
  // What says that it is ours is held to it.
  const auto ours = [](const std::string& format, const std::string& kind) {
    return "<graphml><key id='f' for='graph' attr.name='format'/><key id='k' for='graph' "
           "attr.name='kind'/><graph edgedefault='undirected'><data key='f'>" +
           format + "</data><data key='k'>" + kind + "</data></graph></graphml>";
  };
  read.refuses(ours("yoneda-graph/2", "user"), "this version reads up to");
  read.refuses(ours("yoneda-graph/1", "spiral"), "unknown kind of graph 'spiral'");
  read.refuses(ours("yoneda-graph/1", "virtual"), "a virtual graph is directed");
}

TEST_CASE("hostile XML costs nothing and opens nothing") {
  const Written read;
  const auto with_type = [](const std::string& declared) {
    return "<!DOCTYPE graphml [" + declared + "]>\n<graphml><graph>&a;</graph></graphml>";
  };
  std::string laughs = "<!ENTITY a0 'ha'>";
  for (int i = 1; i < 40; ++i)
    laughs += "<!ENTITY a" + std::to_string(i) + " '&a" + std::to_string(i - 1) + ";&a" +
              std::to_string(i - 1) + ";'>";
  read.refuses(with_type(laughs + "<!ENTITY a '&a39;'>"), "declares its own document type");
  read.refuses(with_type("<!ENTITY a SYSTEM 'file:///etc/passwd'>"),
               "declares its own document type");
  read.refuses("<!DOCTYPE graphml SYSTEM 'x'><graphml><graph>&a;</graph></graphml>",
               "the entity &a; is not declared");
  read.refuses("<graphml><graph>&a;</graph></graphml>", "is no XML: undefined entity");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<a>";
  read.refuses("<graphml>" + deep, "nested deeper than 64");
  read.refuses("<graphml><graph edgedefault='" + std::string(1 << 20, 'x') + "'/></graphml>",
               "edgedefault is");
  read.refuses(graphml("<graph><data key='w'>" + std::string(1 << 21, 'x') + "</data></graph>"),
               "more than a megabyte");
  read.refuses(std::string("<graphml>\0</graphml>", 20), "is no XML");
  read.refuses("<graphml>\xff</graphml>", "is no XML");
}

TEST_CASE("every graph of GraphML that is cut short is refused") {
  const std::string whole = io::read_text(YONEDA_TEST_DATA "/graph/networkx_undirected.graphml");
  const TemporaryFolder folder;
  const std::string path = folder / "cut.graphml";
  for (std::size_t size = 1; size + 11 < whole.size(); size += 7) {
    io::write_text(path, whole.substr(0, size));
    REQUIRE_THROWS_AS(study::read_graph(path), Error);
  }
}

TEST_CASE("an npz of compressed rows that lies is refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "g.npz";
  const std::vector<float> data{1, 2};
  const auto refused = [&](std::vector<Id> indices, std::vector<Id> offsets,
                           std::vector<Index> shape, const std::string& reason) {
    const std::vector<io::OutputTensor> tensors{io::output("data", std::span<const float>(data)),
                                                io::output("indices", std::span<const Id>(indices)),
                                                io::output("indptr", std::span<const Id>(offsets)),
                                                io::output("shape", std::span<const Index>(shape))};
    io::write_npz(path, tensors, {{"format", "csr"}});
    CHECK_THROWS_WITH_AS(study::read_graph(path), doctest::Contains(reason.c_str()), Error);
  };
  refused({1, 0}, {0, 1, 2}, {2, 3}, "square");
  refused({1, 0}, {0, 1, 2}, {3, 3}, "a row for every node");
  refused({1, 5}, {0, 1, 2}, {2, 2}, "leave the matrix");
  refused({1, -1}, {0, 1, 2}, {2, 2}, "leave the matrix");
  refused({1, 0}, {0, 2, 1}, {2, 2}, "do not fit");
  refused({1, 0}, {1, 1, 2}, {2, 2}, "do not fit");
  refused({1, 1}, {0, 1, 2}, {2, 2}, "self-loop");
  refused({1, 1}, {0, 2, 2}, {2, 2}, "more than once");
}
