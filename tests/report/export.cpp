// What is exported and can be read back is the same graph, bit for bit; what other programs make of
// the files is in tests/tools/exports.py.
#include "yoneda/report/export.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <limits>

#include "temporary.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/io/atomic_file.hpp"

using namespace yoneda;
using report::ExportFormat;
namespace fs = std::filesystem;

namespace {

// Weights of every size, both signs.
SignedGraph random_graph(Index n, Index m, Direction direction, GraphKind kind) {
  Random random(7);
  std::vector<Edge> edges;
  for (Index i = 0; i < m; ++i) {
    const auto a = static_cast<Id>(random.below(n - 1));
    const auto b = static_cast<Id>(a + 1 + random.below(n - 1 - a));
    const bool taken =
        std::ranges::any_of(edges, [=](const Edge& e) { return e.source == a && e.target == b; });
    if (!taken)
      edges.push_back({a, b,
                       static_cast<float>(
                           std::ldexp(random.normal(), static_cast<int>(random.below(60)) - 30))});
  }
  return SignedGraph::from_edges(n, edges, direction, kind);
}

LogitArrows arrows_of(Index n) {
  LogitArrows arrows;
  arrows.n = n;
  arrows.k = 2;
  arrows.V = 4;
  arrows.convention = Convention::raw;
  for (Id f = 0; f < n; ++f) {
    for (const Id token : {f % 4, (f + 1) % 4}) arrows.positive_tokens.push_back(token);
    for (const Id token : {(f + 2) % 4, (f + 3) % 4}) arrows.negative_tokens.push_back(token);
  }
  arrows.positive_logits.assign(static_cast<std::size_t>(2 * n), 1.5f);
  arrows.negative_logits.assign(static_cast<std::size_t>(2 * n), -0.1f);
  for (auto* values : {&arrows.mean, &arrows.std, &arrows.skewness, &arrows.kurtosis, &arrows.min,
                       &arrows.max, &arrows.decoder_norm})
    values->assign(static_cast<std::size_t>(n), 0.3f);
  arrows.kurtosis[0] = std::numeric_limits<float>::quiet_NaN();
  return arrows;
}

report::Exported exported(Direction direction, GraphKind kind) {
  report::Exported made;
  made.graph.graph = random_graph(30, 120, direction, kind);
  made.graph.record.command = "yoneda graph";
  made.graph.record.convention = "raw";
  made.graph.record.options["neighbors"] = "7";
  made.graph.record.sources["sae"] = {"/a & b", "01", {}, "SAELens", {}};
  made.command = "yoneda export 'a -- b' <c>";
  made.arrows = study::ArrowsFile{
      arrows_of(30),
      Vocabulary({"<&\"'>", std::string("\0\x1b\xff", 3), " a, b", "]]>\xef\xbf\xbf\\"}),
      {},
      {}};
  study::NamedPartition categories;
  categories.partition.count = 2;
  for (Id f = 0; f < 30; ++f) categories.partition.label.push_back(f % 3 - 1);
  categories.words = {{"king", "queen"}, {}};
  made.categories = categories;
  return made;
}

void check_same(const study::GraphFile& a, const study::GraphFile& b) {
  CHECK(a.graph.direction() == b.graph.direction());
  CHECK(a.graph.kind() == b.graph.kind());
  CHECK(a.upstream == b.upstream);
  CHECK(std::ranges::equal(a.graph.offsets(), b.graph.offsets()));
  CHECK(std::ranges::equal(a.graph.columns(), b.graph.columns()));
  CHECK(std::ranges::equal(a.graph.weights(), b.graph.weights()));
}

constexpr std::array lossless{ExportFormat::graphml, ExportFormat::tsv, ExportFormat::mtx,
                              ExportFormat::npz, ExportFormat::safetensors};

study::GraphFile there_and_back(const report::Exported& made, ExportFormat format) {
  const TemporaryFolder folder;
  report::export_graph(folder / "g", made, format);
  return study::read_graph(folder / "g");
}

}  // namespace

TEST_CASE("a graph comes back from every lossless format bit for bit") {
  for (const Direction direction : {Direction::undirected, Direction::directed})
    for (const GraphKind kind : {GraphKind::user, GraphKind::profile, GraphKind::decoder})
      for (const ExportFormat format : lossless) {
        CAPTURE(name(format));
        const report::Exported made = exported(direction, kind);
        const auto read = there_and_back(made, format);
        check_same(read, made.graph);
        CHECK(read.notes.empty());
        if (format == ExportFormat::tsv || format == ExportFormat::mtx) continue;
        CHECK(read.record.command == made.command);
        CHECK(read.record.option("neighbors") == "7");
        CHECK(read.record.sources.at("sae").path == "/a & b");
      }
}

TEST_CASE("a virtual graph comes back with its two SAEs") {
  report::Exported made;
  made.graph.graph = SignedGraph::from_edges(5, {{0, 3, 0.1f}, {1, 4, -2e-9f}}, Direction::directed,
                                             GraphKind::virtual_);
  made.graph.upstream = 3;
  made.arrows = study::ArrowsFile{arrows_of(3), {}, {}, {}};
  for (const ExportFormat format : lossless) check_same(there_and_back(made, format), made.graph);
  made.arrows_to = study::ArrowsFile{arrows_of(2), {}, {}, {}};
  for (const ExportFormat format : lossless) check_same(there_and_back(made, format), made.graph);
}

TEST_CASE("graphs without edges or without nodes come back") {
  for (const Direction direction : {Direction::undirected, Direction::directed})
    for (const Index n : {0, 4})
      for (const ExportFormat format : lossless) {
        if (n == 0 && format == ExportFormat::tsv) continue;  // says nothing at all
        CAPTURE(name(format));
        report::Exported made;
        made.graph.graph = SignedGraph::from_edges(n, {}, direction, GraphKind::profile);
        check_same(there_and_back(made, format), made.graph);
      }
}

TEST_CASE("what does not fit is refused, and leaves no file") {
  const TemporaryFolder folder;
  const auto refused = [&](const report::Exported& made, const std::string& reason,
                           report::ExportOptions options = {}) {
    for (const ExportFormat format : {ExportFormat::graphml, ExportFormat::gexf, ExportFormat::dot,
                                      ExportFormat::csv, ExportFormat::npz, ExportFormat::circuit})
      CHECK_THROWS_WITH_AS(report::export_graph(folder / "g", made, format, options),
                           doctest::Contains(reason.c_str()), Error);
    CHECK(fs::is_empty(folder.path()));
  };
  report::Exported made = exported(Direction::undirected, GraphKind::profile);
  made.arrows->arrows = arrows_of(29);
  refused(made, "arrows of 29 features for the 30 features of the graph");
  made = exported(Direction::undirected, GraphKind::profile);
  made.arrows_to = made.arrows;
  refused(made, "second arrows");
  made.arrows_to.reset();
  made.categories->partition.label.pop_back();
  refused(made, "categories of 29 features for a graph of 30");

  report::Exported pair;
  pair.graph.graph =
      SignedGraph::from_edges(5, {{0, 3, 1}}, Direction::directed, GraphKind::virtual_);
  pair.graph.upstream = 3;
  pair.arrows_to = study::ArrowsFile{arrows_of(3), {}, {}, {}};
  refused(pair, "arrows of 3 features for the 2 features of the SAE that reads");
  pair.arrows_to.reset();
  pair.categories = study::NamedPartition{};
  refused(pair, "categories are of one SAE's features");
  pair.categories.reset();
  report::ExportOptions options;
  options.circuit.layer = options.circuit.layer_to = 4;
  CHECK_THROWS_WITH_AS(
      report::export_graph(folder / "g", pair, ExportFormat::circuit, options),
      doctest::Contains("both SAEs of the virtual graph would be drawn in layer 4"), Error);
  CHECK_THROWS_WITH_AS(report::export_graph(folder / "g", pair, ExportFormat::neuronpedia),
                       doctest::Contains("of one SAE, a virtual graph of two"), Error);
  made = exported(Direction::undirected, GraphKind::profile);
  made.arrows.reset();
  CHECK_THROWS_WITH_AS(report::export_graph(folder / "g", made, ExportFormat::neuronpedia),
                       doctest::Contains("name a study, or the arrows by --arrows"), Error);
  CHECK(fs::is_empty(folder.path()));
  for (const std::string_view format : report::export_format_names)
    CHECK_THROWS_AS(
        report::export_graph(folder / "no/g", exported(Direction::undirected, GraphKind::profile),
                             *report::export_format_from(format)),
        Error);
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("formats go by their names and by endings of files") {
  CHECK(report::export_format_from("gexf") == ExportFormat::gexf);
  CHECK_FALSE(report::export_format_from("gml"));
  CHECK(report::export_format_of("a.b/g.gv") == ExportFormat::dot);
  CHECK(report::export_format_of("g.safetensors") == ExportFormat::safetensors);
  CHECK_FALSE(report::export_format_of("g.circuit"));
  CHECK_FALSE(report::export_format_of("g.json"));
  CHECK_FALSE(report::export_format_of("graphml"));
}
