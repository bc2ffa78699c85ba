// A whole diagram file against a study: relations and grids are the library's tests, words are
// looked up before anything is computed, and check.json keeps what it said of the graph.
#include "yoneda/study/diagram_check.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "planted_words.hpp"
#include "temporary.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/study/check_file.hpp"
#include "yoneda/study/diagram_check_file.hpp"

using namespace yoneda;
using namespace yoneda::study;
using Json = nlohmann::json;

namespace {

/// Words 0 to 9 and their partners 10 to 19, which differ by one step, then others: a relation by
/// design. Words 20 to 37 are a grid: row part + column part.
SmallStudy related_study() {
  constexpr Index V = 200, d = 32;
  std::vector<float> rows = normals(V * d, 1);
  const auto row = [&](Index t) { return std::span(rows).subspan(t * d, d); };
  const std::vector<float> step = normals(d, 2), row_parts = normals(6 * d, 3),
                           column_parts = normals(3 * d, 4);
  for (Index i = 0; i < 10; ++i)
    for (Index j = 0; j < d; ++j) row(10 + i)[j] = row(i)[j] + step[j];
  for (Index i = 0; i < 18; ++i)
    for (Index j = 0; j < d; ++j)
      row(20 + i)[j] = row_parts[i / 3 * d + j] + column_parts[i % 3 * d + j];
  Unembedding model;
  model.W_U = Matrix::from(std::move(rows), V, d);
  return study_of(random_matrix(40, d, 5), std::move(model));
}

std::string relation(int first, int second, int shift) {
  std::string text =
      "[[relation]]\nname = 'r" + std::to_string(shift) + "'\nin = 'words'\npairs = [";
  for (int i = 0; i < 10; ++i)
    text += "['w" + std::to_string(first + i) + "', 'w" +
            std::to_string(second + (i + shift) % 10) + "'], ";
  return text + "]\n";
}

std::string grid(int first, const std::string& name) {
  std::string text = "[[grid]]\nname = '" + name + "'\nin = 'words'\nrows = [";
  for (int i = 0; i < 6; ++i) {
    text += "[";
    for (int j = 0; j < 3; ++j) text += "'w" + std::to_string(first + 3 * i + j) + "', ";
    text += "], ";
  }
  return text + "]\n";
}

DiagramCheck check_of(const SmallStudy& study, const std::string& text) {
  return make_diagram_check(parse_diagram_file(text, "f.toml"), study.graph, &study.arrows,
                            &study.sources, &study.categories,
                            {.samples = 199, .seed = 1, .rule = {}});
}

std::string complaint(const SmallStudy& study, const std::string& text) {
  try {
    check_of(study, text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no complaint";
}

}  // namespace

TEST_CASE("planted relations and grids commute, random ones do not, and expectations are kept") {
  const SmallStudy study = related_study();
  const DiagramCheck check =
      check_of(study, relation(0, 10, 0) + relation(0, 10, 3) + "expect = 'does not'\n" +
                          grid(20, "product") + "expect = 'commutes'\n" + grid(60, "noise"));
  REQUIRE(check.relations.size() == 2);
  CHECK(check.relations[0].verdict == Verdict::commutes);
  CHECK(check.relations[0].test.q.observed() == doctest::Approx(1));
  CHECK(check.relations[0].test.pairs[4].pair == IdPair{4, 14});
  CHECK(check.relations[1].verdict == Verdict::does_not);
  REQUIRE(check.grids.size() == 2);
  CHECK(check.grids[0].verdict == Verdict::commutes);
  CHECK(check.grids[0].test.G == doctest::Approx(1));
  CHECK(check.grids[1].verdict == Verdict::does_not);

  const DiagramCounts found = counts(check);
  CHECK(found.all == 4);
  CHECK(found.commuting == 2);
  CHECK(found.failed == 1);  // the noise: the other that does not commute was not expected to
}

TEST_CASE("a search finds the planted grid from one of its rows, by words") {
  const SmallStudy study = related_study();
  const DiagramCheck check = check_of(study,
                                      "[[search]]\nname = 's'\nin = 'words'\nrows = 6\n"
                                      "from = ['w20', 'w21', 'w22']\nexpect = 'commutes'\n"
                                      "[[search]]\nname = 'few'\nin = 'words'\nrows = 3\n"
                                      "from = ['w20', 'w21', 'w22']\n"
                                      "among = ['w26', 'w23', 'w50', 'w23']\n"
                                      "[[search]]\nname = 'noise'\nin = 'words'\nrows = 6\n"
                                      "from = ['w60', 'w61', 'w62']\n");
  REQUIRE(check.searches.size() == 3);
  const SearchResult& found = check.searches[0];
  CHECK(found.verdict == Verdict::commutes);
  CHECK(found.search.G == doctest::Approx(1));
  std::vector<Id> items = found.search.grid.items;
  CHECK(std::vector<Id>(items.begin(), items.begin() + 3) == std::vector<Id>{20, 21, 22});
  for (Index i = 1; i < 6; ++i) {
    const Id first = found.search.grid(i, 0);
    CHECK((first - 20) % 3 == 0);
    CHECK(found.search.grid(i, 1) == first + 1);
    CHECK(found.search.grid(i, 2) == first + 2);
  }
  std::vector<Id> firsts{check.searches[1].search.grid(1, 0), check.searches[1].search.grid(2, 0)};
  std::ranges::sort(firsts);
  CHECK(firsts == std::vector<Id>{23, 26});
  CHECK(check.searches[2].verdict == Verdict::does_not);
  CHECK(counts(check).all == 3);
  CHECK(counts(check).failed == 1);

  const Json json = Json::parse(diagram_json(check, study.sources.vocabulary, {}, false));
  CHECK(json["searches"].size() == 3);
  CHECK(json["searches"][0]["rows"][0]["words"][1]["text"] == "w21");
  CHECK(json["searches"][0]["rows"].size() == 6);
  CHECK(json["searches"][0]["nulls"].size() == 2);
  CHECK(complaint(study, "[[search]]\nin = 'words'\nfrom = ['w1', 'w2', 'w1']") ==
        "f.toml:3:21: 'w1' is in the row already");
  CHECK(complaint(study, "[[search]]\nfrom = ['w1', 'w2']\namong = ['w5', 'x5']") ==
        "f.toml:3:16: 'x5' is no token; near it are 'w5'");
  CHECK(complaint(study, "[[search]]\nin = 'words'\nfrom = ['w1', 'w2']\nrows = 90")
            .starts_with("f.toml:1:1: search 'search 1': too few items"));
}

TEST_CASE("whether an outcome passes") {
  CHECK(passed(Verdict::commutes, std::nullopt));
  CHECK(passed(Verdict::forced, std::nullopt));
  CHECK(passed(Verdict::underpowered, std::nullopt));
  CHECK(passed(std::nullopt, std::nullopt));
  CHECK_FALSE(passed(Verdict::does_not, std::nullopt));
  CHECK(passed(Verdict::does_not, Verdict::does_not));
  CHECK_FALSE(passed(Verdict::forced, Verdict::commutes));
  CHECK_FALSE(passed(Verdict::commutes, Verdict::does_not));
}

TEST_CASE("errors of relations and grids say where") {
  const SmallStudy study = related_study();
  CHECK(complaint(study, "[[relation]]\npairs = [['w1', 'w2'], ['w3', 'x3']]\nin = 'words'") ==
        "f.toml:2:31: 'x3' is no token; near it are 'w3'");
  CHECK(complaint(study, "[[relation]]\npairs = [['w1', 'w2']]\nin = 'words'")
            .starts_with("f.toml:1:1: relation 'relation 1': "));
  CHECK(complaint(study, "[[relation]]\npairs = [['w1', 'w1'], ['w2', 'w3']]\nin = 'words'")
            .starts_with("f.toml:1:1: relation 'relation 1': "));
  CHECK(complaint(study, "[[grid]]\nrows = [['w1', 'w2'], ['w3', 'w1']]\nin = 'words'") ==
        "f.toml:2:30: 'w1' is in the grid already");
  // This SAE has no encoder, so there are no codes.
  CHECK(
      complaint(study, "\n" + relation(0, 10, 0) + "[[grid]]\nrows = [['w1', 'w2'], ['w3', 'w4']]")
          .find("grid 'grid 1': ") != std::string::npos);
  CHECK(complaint(study, "[[relation]]\npairs = [['w1', 'w2']]\nin = 'code'") ==
        "f.toml:3:6: 'in' is 'code', perhaps 'codes'; there are words, reconstructions, codes, "
        "profiles or top-rows");

  const DiagramFile file = parse_diagram_file(relation(0, 10, 0), "f.toml");
  CHECK_THROWS_WITH_AS(
      make_diagram_check(file, study.graph, &study.arrows, nullptr, nullptr, {}),
      "f.toml:1:1: relation 'r0': words are compared by the weights: name them with --sae and "
      "--model",
      Error);
}

TEST_CASE("check.json gains diagrams and keeps the rest") {
  const SmallStudy study = related_study();
  const TemporaryFolder folder;
  const DiagramCheck check = check_of(
      study,
      "[objects]\na = { token = 'w1' }\nb = { category = 2 }\nc = { feature = 3 }\n"
      "[[equation]]\nname = 'e'\nleft = ['a', 'b', 'c']\nright = ['a', 'c']\nbase = 'real'\n"
      "tolerance = 2\nnull = 'random'\n" +
          relation(0, 10, 0) + grid(20, "g"));
  Record record;
  record.command = "as typed";
  record.sources["diagram"] = {"/f.toml", "0123", {}, "diagrams", {}};
  const std::string path = folder / "check.json";
  write_diagram_check(path, check, study.graph, study.sources.vocabulary, record);
  const Json alone = Json::parse(io::read_text(path));
  CHECK(alone.at("format") == "yoneda-check/1");
  CHECK(alone.at("graph").at("nodes") == 40);
  const Json& diagrams = alone.at("diagrams");
  CHECK(diagrams.at("hash") == "0123");
  CHECK(diagrams.at("objects")[1].at("features").size() == 8);
  CHECK(diagrams.at("objects")[0].at("tokens")[0].at("text") == "w1");
  const Json& equation = diagrams.at("equations")[0];
  CHECK(equation.at("left").at("path") == std::vector<std::string>{"a", "b", "c"});
  CHECK(equation.at("left").at("arrows")[0].is_null());
  CHECK(equation.at("right").at("arrows")[0].at("source") == "computed");
  CHECK(equation.at("draws").size() == 199);
  CHECK(equation.at("verdict") == "forced");
  CHECK(diagrams.at("relations")[0].at("pairs")[2].at("b").at("token") == 12);
  CHECK(diagrams.at("grids")[0].at("words").size() == 18);

  write_check(path, check_graph(study.graph.graph), study.graph, &study.arrows, {});
  Json before = Json::parse(io::read_text(path));
  CHECK(before.at("diagrams") == diagrams);  // the graph is the same
  write_diagram_check(path, check, study.graph, study.sources.vocabulary, record);
  Json after = Json::parse(io::read_text(path));
  CHECK(after == before);

  io::write_text(path, "{\"format\": \"yoneda-graph/1\"}");
  CHECK_THROWS_AS(write_diagram_check(path, check, study.graph, study.sources.vocabulary, record),
                  Error);
}

TEST_CASE("check.json of another graph than the diagram's is begun anew") {
  const TemporaryFolder folder;
  const SmallStudy study = related_study();
  SmallStudy other = related_study();
  std::vector<Edge> edges = other.graph.graph.edges();
  edges.pop_back();
  other.graph.graph = SignedGraph::from_edges(other.graph.graph.node_count(), std::move(edges),
                                              Direction::undirected, GraphKind::profile);
  const std::string path = folder / "check.json";
  write_check(path, check_graph(other.graph.graph), other.graph, nullptr, {});
  const DiagramCheck check = check_of(study, relation(0, 10, 0));
  write_diagram_check(path, check, study.graph, study.arrows.vocabulary, {});
  const Json json = Json::parse(io::read_text(path));
  CHECK(json["graph"]["edges"] == study.graph.graph.edge_count());
  CHECK_FALSE(json.contains("triangles"));
  CHECK(json["diagrams"]["passed"] == true);
}

TEST_CASE("diagrams of graphs between two SAEs are refused by name") {
  SmallStudy study = related_study();
  study.graph.graph =
      SignedGraph::from_edges(40, {{0, 20, 1}}, Direction::directed, GraphKind::virtual_);
  CHECK(complaint(study, relation(0, 10, 0)).find("a diagram of a virtual graph cannot be") == 0);
}
