// Equations a graph suggests: counted by loops over all nodes, planted potentials, and what has no
// verdict.
#include "yoneda/study/equation_list.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "category/graphs.hpp"
#include "temporary.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/study/check_file.hpp"
#include "yoneda/study/equation_list_file.hpp"

using namespace yoneda;
using namespace yoneda::study;
using Json = nlohmann::json;

namespace {

GraphFile directed_file(Index n, std::vector<Edge> edges) {
  return {.graph = directed_graph(n, std::move(edges))};
}

/// The edges of a graph whose parallel paths all agree.
std::vector<Edge> potential_edges(Index n, double density, std::uint64_t seed) {
  Random random(seed);
  return commuting_graph(n, density, random).edges();
}

EquationListStep step_of(EquationShape shape, PathBase base) {
  EquationListStep step;
  step.shape = shape;
  step.base = base;
  step.samples = 99;
  return step;
}

std::string complaint(const GraphFile& file, const EquationListStep& step) {
  try {
    make_equation_list(file, step);
  } catch (const Error& error) {
    return error.what();
  }
  return "no complaint";
}

bool noted(const EquationList& list, const std::string& what) {
  return std::ranges::any_of(
      list.notes, [&](const std::string& note) { return note.find(what) != std::string::npos; });
}

}  // namespace

TEST_CASE("counts are those of loops over all nodes") {
  const GraphFile file{.graph = random_directed_graph(25, 0.3, 1)};
  const SignedGraph& graph = file.graph;
  const Index n = graph.node_count();
  Index triangles = 0, holding = 0, squares = 0, holding_squares = 0;
  for (Id f = 0; f < n; ++f)
    for (Id h = 0; h < n; ++h) {
      for (Id g = 0; g < n; ++g) {
        if (f == g || g == h || f == h) continue;
        const float fg = graph.weight(f, g), gh = graph.weight(g, h), fh = graph.weight(f, h);
        if (fg == 0 || gh == 0) continue;
        if (fh != 0) ++triangles, holding += (fg < 0) == ((gh < 0) != (fh < 0));
        for (Id other = g + 1; other < n; ++other) {
          if (other == f || other == h) continue;
          const float first = graph.weight(f, other), then = graph.weight(other, h);
          if (first == 0 || then == 0) continue;
          ++squares;
          holding_squares += ((fg < 0) != (gh < 0)) == ((first < 0) != (then < 0));
        }
      }
    }
  const auto found = make_equation_list(file, step_of(EquationShape::triangles, PathBase::sign));
  CHECK(found.total == triangles);
  CHECK(found.checked == triangles);
  CHECK(found.holding == holding);
  CHECK(found.complete);
  REQUIRE(found.test.has_value());
  CHECK(found.test->observed ==
        doctest::Approx(static_cast<double>(holding) / static_cast<double>(triangles)));
  CHECK(found.test->null_kind == "weights");
  CHECK(found.test->verdict == Verdict::does_not);

  const auto of_squares = make_equation_list(file, step_of(EquationShape::squares, PathBase::sign));
  CHECK(of_squares.total == squares);
  CHECK(of_squares.holding == holding_squares);
  REQUIRE_FALSE(found.failures.empty());
  for (const ListedFailure& failure : found.failures) {
    REQUIRE(failure.left.size() == 3);
    CHECK(failure.left_value == -failure.right_value);
    CHECK(failure.discrepancy == 1);
  }
}

TEST_CASE("planted potentials commute in every shape, and one spoilt edge is found") {
  const std::vector<Edge> edges = potential_edges(20, 0.5, 2);
  for (const auto shape : {EquationShape::triangles, EquationShape::squares, EquationShape::paths,
                           EquationShape::sweep}) {
    CAPTURE(name(shape));
    const auto step = step_of(shape, PathBase::weight);
    const auto found = make_equation_list(directed_file(20, edges), step);
    CHECK(found.all_hold());
    CHECK(found.failures.empty());
    REQUIRE(found.test.has_value());
    CHECK(found.test->verdict == Verdict::commutes);
    CHECK(found.test->null_mean < 0.5);

    std::vector<Edge> spoilt = edges;
    const std::size_t middle = spoilt.size() / 2;
    spoilt[middle].weight *= -8;
    const auto broken = make_equation_list(directed_file(20, spoilt), step);
    CHECK_FALSE(broken.all_hold());
    REQUIRE_FALSE(broken.failures.empty());
    for (const ListedFailure& failure : broken.failures) {
      const auto leads_over = [&](const std::vector<Id>& path) {
        for (std::size_t i = 1; i < path.size(); ++i)
          if (path[i - 1] == spoilt[middle].source && path[i] == spoilt[middle].target) return true;
        return false;
      };
      CHECK(leads_over(failure.left) != leads_over(failure.right));
      CHECK(failure.discrepancy == doctest::Approx(std::log(8.0) + 1));
    }
  }
}

TEST_CASE("a sweep says of an acyclic graph what all its paths say") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::vector<Edge> edges = potential_edges(8, 0.4, seed);
    if (seed % 2 == 1 && !edges.empty()) edges[seed % edges.size()].weight *= -1;
    const GraphFile file = directed_file(8, edges);
    auto step = step_of(EquationShape::paths, PathBase::sign);
    step.longest = 7;
    step.samples = 0;
    const auto paths = make_equation_list(file, step);
    step.shape = EquationShape::sweep;
    const auto sweep = make_equation_list(file, step);
    CHECK((paths.holding == paths.checked) == (sweep.holding == sweep.checked));
    CHECK_FALSE(sweep.test.has_value());
  }
}

TEST_CASE("a part says that it is one, and the strongest have no null") {
  const GraphFile file{.graph = random_directed_graph(30, 0.4, 3)};
  auto step = step_of(EquationShape::triangles, PathBase::sign);
  step.most = 50;
  const auto sample = make_equation_list(file, step);
  CHECK(sample.checked == 50);
  CHECK(sample.total > 1000);
  CHECK_FALSE(sample.complete);
  CHECK(noted(sample, "a random sample"));
  CHECK(sample.test.has_value());
  CHECK(sample.failures.size() == 50 - static_cast<std::size_t>(sample.holding));

  step.strongest = true;
  const auto strongest = make_equation_list(file, step);
  CHECK(strongest.checked == 50);
  CHECK_FALSE(strongest.test.has_value());
  CHECK(noted(strongest, "chosen by their weights"));

  step.most = 1'000'000;  // all of them: nothing was chosen
  CHECK(make_equation_list(file, step).test.has_value());

  step.strongest = false;
  step.shape = EquationShape::sweep;
  step.most = 3;
  const auto sweep = make_equation_list(directed_file(20, potential_edges(20, 0.5, 4)), step);
  CHECK(noted(sweep, "3 of the 20 nodes"));
}

TEST_CASE("no verdict where none is honest, and a word where there is nothing to check") {
  Random random(5);
  GraphFile gram{.graph = SignedGraph::from_edges(30, random_graph(30, 0.3, 0.3, random).edges(),
                                                  Direction::undirected, GraphKind::profile)};
  const auto found = make_equation_list(gram, step_of(EquationShape::triangles, PathBase::sign));
  CHECK(found.checked > 0);
  CHECK_FALSE(found.test.has_value());
  CHECK(noted(found, "without --equations"));
  const auto weights =
      make_equation_list(gram, step_of(EquationShape::triangles, PathBase::weight));
  CHECK(noted(weights, "the weights are symmetric"));

  const auto none = make_equation_list(directed_file(3, {{0, 1, 1}, {1, 2, 1}}),
                                       step_of(EquationShape::triangles, PathBase::sign));
  CHECK(none.total == 0);
  CHECK_FALSE(none.all_hold());
  CHECK(noted(none, "the graph has no triangles"));
}

TEST_CASE("one equation that holds among many is no verdict") {
  Random random(7);
  std::vector<Edge> edges{{0, 1, 2}, {1, 2, 4}, {0, 2, 8}};
  for (Id u = 3; u < 30; ++u)
    for (Id v = u + 1; v < 30; ++v)
      edges.push_back({u, v, static_cast<float>(std::exp(random.normal()))});
  const auto found = make_equation_list(directed_file(30, edges),
                                        step_of(EquationShape::triangles, PathBase::weight));
  CHECK(found.holding == 1);
  REQUIRE(found.test.has_value());
  CHECK(found.test->p_upper <= 0.05);
  CHECK(found.test->verdict == Verdict::does_not);
  CHECK(found.test->reason.find("next to nothing") != std::string::npos);
}

TEST_CASE("bad input") {
  const GraphFile undirected{.graph = user_graph(3, {{0, 1, 1}, {1, 2, 1}, {0, 2, 1}})};
  const auto paths = step_of(EquationShape::paths, PathBase::sign);
  CHECK(complaint(undirected, paths).starts_with("parallel paths of an undirected graph"));
  const GraphFile cycle = directed_file(3, {{0, 1, 1}, {1, 2, 1}, {2, 0, 1}});
  CHECK(complaint(cycle, step_of(EquationShape::sweep, PathBase::sign)).find("0 → 1 → 2 → 0") !=
        std::string::npos);
  const GraphFile large = directed_file(3, {{0, 1, 3}, {1, 2, 1}, {0, 2, 1}});
  CHECK(complaint(large, step_of(EquationShape::triangles, PathBase::probability))
            .find("is no probability") != std::string::npos);
  auto step = paths;
  step.longest = 0;
  CHECK(complaint(cycle, step) == "parallel paths need at least 1 step, not 0");
  step = paths;
  step.tolerance = std::nan("");
  CHECK(complaint(cycle, step).starts_with("a tolerance of nan"));
  step = paths;
  step.most = 0;
  CHECK(complaint(cycle, step).starts_with("0 equations to look at"));
  step = paths;
  step.shape = EquationShape::sweep;
  step.strongest = true;
  CHECK(complaint(cycle, step).starts_with("a sweep follows paths from nodes"));
  step = paths;
  step.samples = -1;
  CHECK(complaint(cycle, step) == "-1 samples of a null");
}

TEST_CASE("check.json gains equations and keeps the rest, and loses them with the graph") {
  const TemporaryFolder folder;
  const std::string path = folder / "check.json";
  Random random(6);
  const GraphFile file{.graph = random_graph(12, 0.5, 0.5, random)};
  const auto list = make_equation_list(file, step_of(EquationShape::triangles, PathBase::sign));
  write_check(path, check_graph(file.graph), file, nullptr, {});
  write_equation_list(path, list, file, {});
  Json json = Json::parse(io::read_text(path));
  CHECK(json.contains("balance"));
  CHECK(json["equations"]["total"] == list.total);
  CHECK(json["equations"]["holding"] == list.holding);
  CHECK(json["equations"]["selection"] == "all");
  CHECK(json["equations"]["test"]["draws"].size() == 99);
  CHECK(json["equations"]["failures"].size() == list.failures.size());

  write_check(path, check_graph(file.graph), file, nullptr, {});
  json = Json::parse(io::read_text(path));
  CHECK(json["equations"]["total"] == list.total);

  std::vector<Edge> edges = file.graph.edges();
  edges.front().weight *= 2;  // the same counts
  const GraphFile other{.graph = user_graph(12, edges)};
  write_check(path, check_graph(other.graph), other, nullptr, {});
  CHECK_FALSE(Json::parse(io::read_text(path)).contains("equations"));
}
