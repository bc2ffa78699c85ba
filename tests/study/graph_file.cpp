#include "yoneda/study/graph_file.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <limits>

#include "temporary.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/io/atomic_file.hpp"

using namespace yoneda;
namespace fs = std::filesystem;

namespace {

SignedGraph random_graph(Index n, Index m, Direction direction, GraphKind kind) {
  Random random(3);
  std::vector<Edge> edges;
  std::vector<char> taken(n * n, 0);
  while (static_cast<Index>(edges.size()) < m) {
    const auto a = static_cast<Id>(random.below(n)), b = static_cast<Id>(random.below(n));
    const bool undirected = direction == Direction::undirected;
    if (a == b || taken[a * n + b] || (undirected && taken[b * n + a])) continue;
    taken[a * n + b] = 1;
    edges.push_back({a, b, static_cast<float>(random.normal())});
  }
  return SignedGraph::from_edges(n, edges, direction, kind);
}

void check_same(const SignedGraph& a, const SignedGraph& b) {
  CHECK(a.direction() == b.direction());
  CHECK(std::ranges::equal(a.offsets(), b.offsets()));
  CHECK(std::ranges::equal(a.columns(), b.columns()));
  CHECK(std::ranges::equal(a.weights(), b.weights()));
}

std::string message_of(const std::string& path, bool directed = false) {
  try {
    study::read_graph(path, directed);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("graphs survive every format bit for bit") {
  const TemporaryFolder folder;
  for (const Direction direction : {Direction::undirected, Direction::directed}) {
    const SignedGraph graph = random_graph(40, 150, direction, GraphKind::profile);
    study::Record record;
    record.command = "test";
    record.convention = "folded";
    record.options["k"] = "7";
    record.sources["sae"] = {"/a/b", "0123", {"/a/b/c"}, "SAELens", {{"decoder", "W"}}};

    study::write_graph(folder / "g.safetensors", graph, record);
    const auto read = study::read_graph(folder / "g.safetensors");
    check_same(read.graph, graph);
    CHECK(read.graph.kind() == GraphKind::profile);
    CHECK(read.record.option("k") == "7");
    CHECK(read.record.option("missing", "no") == "no");
    CHECK(read.record.convention == "folded");
    CHECK(read.record.sources.at("sae").names.at("decoder") == "W");

    study::write_graph(folder / "g.mtx", graph, record);
    check_same(study::read_graph(folder / "g.mtx").graph, graph);
    CHECK(study::read_graph(folder / "g.mtx").graph.kind() == GraphKind::profile);
    study::write_graph(folder / "g.tsv", graph, record);
    check_same(study::read_graph(folder / "g.tsv").graph, graph);
    CHECK(study::read_graph(folder / "g.tsv").graph.kind() == GraphKind::profile);

    study::write_graph(folder / "g.npz", graph, record);
    const auto npz = study::read_graph(folder / "g.npz");
    check_same(npz.graph, graph);
    CHECK(npz.graph.kind() == GraphKind::profile);
    CHECK(npz.record.command == "test");
    CHECK(npz.record.sources.at("sae").names.at("decoder") == "W");
  }
}

TEST_CASE("a virtual graph keeps which nodes are whose") {
  const TemporaryFolder folder;
  study::GraphFile file;
  file.graph =
      SignedGraph::from_edges(5, {{0, 2, 1}, {1, 4, -2}}, Direction::directed, GraphKind::virtual_);
  file.upstream = 2;
  file.record.sources["sae"].path = "/some/a";
  file.record.sources["sae_to"].path = "/some/b";
  study::write_graph(folder / "g.safetensors", file);
  const auto read = study::read_graph(folder / "g.safetensors");
  check_same(read.graph, file.graph);
  CHECK(read.graph.kind() == GraphKind::virtual_);
  CHECK(read.upstream == 2);
  CHECK(read.record.sources.at("sae_to").path == "/some/b");
  // Text says it in comments, which other readers skip.
  study::write_graph(folder / "g.npz", file);
  CHECK(study::read_graph(folder / "g.npz").upstream == 2);
  for (const char* name : {"g.tsv", "g.mtx"}) {
    study::write_graph(folder / name, file);
    const auto text = study::read_graph(folder / name);
    check_same(text.graph, file.graph);
    CHECK(text.graph.kind() == GraphKind::virtual_);
    CHECK(text.upstream == 2);
    CHECK(io::read_text(folder / name)
              .find("f < 2 is feature f of /some/a, 2 + g is feature g of /some/b\n") !=
          std::string::npos);
  }
}

TEST_CASE("a virtual graph whose layers are not as they say is refused") {
  const TemporaryFolder folder;
  const auto refused = [&](Index upstream, const std::vector<Edge>& edges, Direction direction) {
    study::GraphFile file;
    file.graph = SignedGraph::from_edges(5, edges, direction, GraphKind::virtual_);
    file.upstream = upstream;
    study::write_graph(folder / "g.safetensors", file);
    const std::string message = message_of(folder / "g.safetensors");
    CAPTURE(message);
    CHECK(message.find("leads from its first 'upstream_features' nodes") != std::string::npos);
  };
  const std::vector<Edge> edges{{0, 2, 1}, {1, 4, -2}};
  refused(0, edges, Direction::directed);
  refused(1, edges, Direction::directed);
  refused(3, edges, Direction::directed);
  refused(6, edges, Direction::directed);
  refused(-1, edges, Direction::directed);
  refused(2, {{0, 2, 1}, {4, 1, -2}}, Direction::directed);
  refused(2, edges, Direction::undirected);

  const std::string path = folder / "g.tsv";
  const auto refused_text = [&](const std::string& comments, const std::string& expected) {
    io::write_text(path, comments + "0\t2\t1\n1\t4\t-2\n");
    const std::string message = message_of(path);
    CAPTURE(message);
    CHECK(message.find(expected) != std::string::npos);
  };
  refused_text("# yoneda graph, kind virtual\n", "leads from its first");
  refused_text("# yoneda graph, kind virtual\n# nodes from 0: f < 3 is\n", "leads from its first");
  refused_text("# yoneda graph, kind spiral\n", "unknown kind of graph 'spiral'");
}

TEST_CASE("nodes without edges and graphs without any survive every format") {
  const TemporaryFolder folder;
  for (const Direction direction : {Direction::undirected, Direction::directed})
    for (const std::vector<Edge>& edges : {std::vector<Edge>{}, std::vector<Edge>{{1, 2, -1}}}) {
      const auto graph = SignedGraph::from_edges(7, edges, direction, GraphKind::user);
      for (const char* name : {"g.safetensors", "g.tsv", "g.mtx", "g.npz"}) {
        CAPTURE(name);
        study::write_graph(folder / name, graph, {});
        check_same(study::read_graph(folder / name).graph, graph);
      }
    }
}

TEST_CASE("text says what made it") {
  const TemporaryFolder folder;
  const SignedGraph graph = random_graph(5, 5, Direction::undirected, GraphKind::user);
  study::Record record;
  record.command = "yoneda graph a\nb";
  for (const char* name : {"g.tsv", "g.mtx"}) {
    study::write_graph(folder / name, graph, record);
    const std::string text = io::read_text(folder / name);
    CHECK(text.find(" made by: yoneda graph a\\nb\n") != std::string::npos);
    check_same(study::read_graph(folder / name).graph, graph);
  }
  io::write_text(folder / "g.tsv", "# node count many\n0 1 1\n");
  CHECK(message_of(folder / "g.tsv").find("'many' is no number of nodes") != std::string::npos);
}

TEST_CASE("edge lists are read as people write them") {
  const TemporaryFolder folder;
  io::write_text(folder / "g.txt",
                 "source\ttarget\tweight\n# a comment\n0 1 2.5\n\n1\t0\t2.5\r\n2, 1, -1e-3\n");
  const SignedGraph graph = study::read_graph(folder / "g.txt").graph;
  CHECK(graph.node_count() == 3);
  CHECK(graph.edge_count() == 2);
  CHECK(graph.weight(0, 1) == 2.5f);
  CHECK(graph.weight(1, 2) == -1e-3f);
  CHECK_FALSE(graph.directed());
  io::write_text(folder / "g.txt", "# of whom\n#directed\r\n0 1 2.5\n1 0 -1\n");
  const SignedGraph directed = study::read_graph(folder / "g.txt").graph;
  CHECK(directed.directed());
  CHECK(directed.weight(0, 1) == 2.5f);
  CHECK(directed.weight(1, 0) == -1.0f);
  io::write_text(folder / "g.txt", "# directed by nobody\n0 1 2.5\n");
  CHECK_FALSE(study::read_graph(folder / "g.txt").graph.directed());
  io::write_text(folder / "g.txt", "0 1 2.5\n");
  CHECK(study::read_graph(folder / "g.txt", true).graph.directed());
}

TEST_CASE("damaged graphs are refused in one line that names file and place") {
  const TemporaryFolder folder;
  const std::string path = folder / "g.tsv";
  const auto refused = [&](const std::string& text, const std::string& expected) {
    io::write_text(path, text);
    const std::string message = message_of(path);
    CAPTURE(message);
    CHECK(message.find(path) == 0);
    CHECK(message.find(expected) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
  };
  refused("0 1\n", "line 1: expected `source target weight`, found 2 fields");
  refused("0 1 2\n0 x 1\n", "line 2: 'x' is not a node");
  refused("0 1 2\n0 -1 1\n", "line 2: '-1' is not a node");
  refused("0 1 2\n0 2 abc\n", "line 2: 'abc' is not a weight");
  refused("0 1 2\n0 99999999999 1\n", "is not a node");
  refused("0 1 nan\n", "weights are finite and not zero");
  refused("0 0 1\n", "self-loop");
  refused("0 1 1\n1 0 2\n", "more than once");
  refused("# nothing\n", "holds no edges");
  refused("{\"a\": 1}", "is no graph");
  refused("<html>", "expected GraphML, found <html>");
  refused("%%MatrixMarket matrix array real general\n2 2\n", "Matrix Market");
  refused("%%MatrixMarket matrix coordinate real symmetric\n2 3 1\n2 1 1\n", "square");
  refused("%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n2 1 1\n", "announces 2 entries");
  refused("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n3 1 1\n", "leaves the graph");
  CHECK(message_of(folder / "missing.tsv").find("missing.tsv") != std::string::npos);

  // A line may name more nodes than memory holds.
  refused("0 2147483646 1\n", "2147483647 nodes are too many for 1 edge:");
  refused("# node count 2147483647\n0 1 1\n", "2147483647 nodes are too many for 1 edge:");
  refused("%%MatrixMarket matrix coordinate real general\n2147483647 2147483647 0\n",
          "2147483647 nodes are too many for 0 edges");
  io::write_text(path, "# node count 1000000\n0 1 1\n");  // what graphs do have
  CHECK(study::read_graph(path).graph.node_count() == 1'000'000);
  std::string unordered;  // a NaN among equal edges is no place to sort by
  for (int i = 0; i < 200; ++i) unordered += i % 3 == 0 ? "0 1 nan\n" : fmt::format("0 1 {}\n", i);
  refused(unordered, "edge ");

  const SignedGraph graph = random_graph(10, 20, Direction::undirected, GraphKind::user);
  study::write_graph(folder / "g.safetensors", graph, {});
  const std::string whole = io::read_text(folder / "g.safetensors");
  for (std::size_t size = 8; size < whole.size(); ++size) {
    io::write_text(folder / "cut.safetensors", whole.substr(0, size));
    REQUIRE_THROWS_AS(study::read_graph(folder / "cut.safetensors"), Error);
  }
}

TEST_CASE("a newer format is refused by name, an unknown key is ignored") {
  CHECK_NOTHROW(study::require_format("yoneda-graph/1", "yoneda-graph/1", "f"));
  CHECK_NOTHROW(study::require_format("yoneda-graph/1", "yoneda-graph/3", "f"));
  CHECK_THROWS_WITH(study::require_format("yoneda-graph/2", "yoneda-graph/1", "f"),
                    "f: written as 'yoneda-graph/2'; this version reads up to 'yoneda-graph/1'");
  CHECK_THROWS_WITH(
      study::require_format("yoneda-arrows/1", "yoneda-graph/1", "f"),
      "f: expected a 'yoneda-graph' file, found 'yoneda-arrows/1'; yoneda inspect says "
      "what it is");
  CHECK_THROWS_WITH(study::require_format("", "yoneda-graph/1", "f"),
                    "f: expected a 'yoneda-graph' file, found no format mark; yoneda inspect says "
                    "what it is");
  CHECK_THROWS_AS(study::require_format("yoneda-graph", "yoneda-graph/1", "f"), Error);
}

TEST_CASE("an output that cannot be written leaves nothing behind") {
  const TemporaryFolder folder;
  const SignedGraph graph = random_graph(10, 20, Direction::undirected, GraphKind::user);
  io::write_text(folder / "file", "in the way");
  for (const char* name : {"file/g.safetensors", "none/g.tsv", "none/g.mtx"})
    CHECK_THROWS_AS(study::write_graph(folder / name, graph, {}), Error);
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}
