#include "yoneda/study/equation_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "path_base.hpp"
#include "yoneda/category/parallel_paths.hpp"
#include "yoneda/category/potential_sweep.hpp"
#include "yoneda/category/square_equations.hpp"
#include "yoneda/category/triangle_equations.hpp"
#include "yoneda/null/compare.hpp"
#include "yoneda/null/weight_shuffle.hpp"

namespace yoneda::study {
namespace {

/// The share of a graph's equations that hold; nothing where it has none.
using Share = std::function<std::optional<double>(const SignedGraph&)>;

void require_valid(const EquationListStep& step) {
  const auto require = [](bool holds, const std::string& message) {
    if (!holds) throw Error(ErrorKind::value, message);
  };
  require(step.tolerance >= 0, fmt::format("a tolerance of {} for equations; it is a number from 0 "
                                           "on",
                                           step.tolerance));
  require(step.most >= 1 && step.keep >= 1,
          fmt::format("{} equations to look at and {} failures to keep; both are at least 1",
                      step.most, step.keep));
  require(!step.strongest || step.shape != EquationShape::sweep,
          "a sweep follows paths from nodes, and has no strongest equations");
  require(step.samples >= 0, fmt::format("{} samples of a null", step.samples));
}

void require_directed(const SignedGraph& graph, EquationShape shape) {
  if (graph.directed() || shape == EquationShape::triangles || shape == EquationShape::squares)
    return;
  throw Error(ErrorKind::value,
              fmt::format("{} an undirected graph: every edge of one can be walked both ways. "
                          "triangles and squares list its short cycles; an edge list is directed "
                          "where a comment at its top says `# directed`",
                          shape == EquationShape::paths ? "parallel paths of" : "a sweep of"));
}

Equations listed(const SignedGraph& graph, const EquationListStep& step) {
  const Selection selection =
      step.strongest ? Selection::strongest(step.most) : Selection::sample(step.most, step.seed);
  Equations found = step.shape == EquationShape::triangles ? triangle_equations(graph, selection)
                    : step.shape == EquationShape::squares
                        ? square_equations(graph, selection)
                        : parallel_paths(graph, step.longest, selection);
  for (Equation& equation : found.list) equation.tolerance = step.tolerance;
  return found;
}

template <Base B>
void keep_failures(EquationList& list, std::vector<Equation> equations,
                   const std::vector<Failure<B>>& failed) {
  for (const Failure<B>& failure : failed) {
    if (static_cast<Index>(list.failures.size()) == list.step.keep) return;
    Equation& equation = equations[failure.equation];
    list.failures.push_back({std::move(equation.left), std::move(equation.right),
                             static_cast<double>(failure.left), static_cast<double>(failure.right),
                             failure.discrepancy});
  }
}

template <Base B>
Share check_listed(EquationList& list, const SignedGraph& graph, const B& base) {
  const Equations found = listed(graph, list.step);
  const auto failed = failures(std::span(found.list), graph, base);
  list.total = found.total;
  list.checked = static_cast<Index>(found.list.size());
  list.holding = list.checked - static_cast<Index>(failed.size());
  keep_failures(list, found.list, failed);
  list.complete = list.checked == list.total;
  if (!list.complete)
    list.notes.push_back(fmt::format(
        "{} of the {} {} were looked at, {}", list.checked, list.total, name(list.step.shape),
        list.step.strongest ? "those of largest weight; the others may do otherwise"
                            : "a random sample"));
  // The same paths in every draw: the null keeps the edges.
  return [equations = found.list, base](const SignedGraph& drawn) -> std::optional<double> {
    if (equations.empty()) return std::nullopt;
    const auto failing = failures(std::span(equations), drawn, base).size();
    return 1 - static_cast<double>(failing) / static_cast<double>(equations.size());
  };
}

template <Base B>
Share check_sweep(EquationList& list, const SignedGraph& graph, const B& base,
                  const Progress& progress) {
  SweepOptions options{.tolerance = list.step.tolerance,
                       .sources = list.step.most,
                       .seed = list.step.seed,
                       .keep = list.step.keep};
  auto found = potential_sweep(graph, base, options, progress);
  list.total = list.checked = found.comparisons;
  list.holding = found.comparisons - found.flags;
  keep_failures(list, std::move(found.equations), found.failures);
  list.complete = found.sources == found.nodes;
  if (!list.complete)
    list.notes.push_back(fmt::format("paths were followed from {} of the {} nodes, drawn at random",
                                     found.sources, found.nodes));
  options.keep = 1;
  return [options, base](const SignedGraph& drawn) -> std::optional<double> {
    const auto sweep = potential_sweep(drawn, base, options);
    if (sweep.comparisons == 0) return std::nullopt;
    return 1 - static_cast<double>(sweep.flags) / static_cast<double>(sweep.comparisons);
  };
}

/// Why there is no null test, in one sentence; empty where there is one.
std::string no_test(const EquationList& list, const GraphFile& file) {
  if (list.checked == 0)
    return fmt::format("the graph has no {}", list.step.shape == EquationShape::sweep
                                                  ? "two paths with the same ends"
                                                  : name(list.step.shape));
  if (file.graph.kind() != GraphKind::user)
    return fmt::format(
        "no verdict: which equations of a {} graph hold is for a large part forced by how it is "
        "made, and only a null that makes it again can tell; that is the check of the whole graph, "
        "without --equations",
        name(file.graph.kind()));
  if (list.step.strongest && !list.complete)
    return "no verdict: these equations were chosen by their weights, and a null would have to "
           "choose again; leave --strongest out";
  return {};
}

void compare(EquationList& list, const GraphFile& file, const Share& share,
             const Progress& progress) {
  if (const std::string reason = no_test(list, file); !reason.empty()) {
    list.notes.push_back(reason);
    return;
  }
  if (list.step.samples == 0) return;
  const std::vector<Statistic> statistics{{{"share of equations that hold", 0, 1}, share}};
  // Where weights are generic no equation of a draw holds, and one by accident would be
  // significant.
  const VerdictRule rule{.effect = 0.05};
  list.test = compare_with(weight_shuffle(file.graph), statistics, file.graph, list.step.samples,
                           list.step.seed, progress, rule)
                  .front();
}

}  // namespace

EquationList make_equation_list(const GraphFile& file, const EquationListStep& step,
                                const Progress& progress) {
  require_valid(step);
  require_directed(file.graph, step.shape);
  EquationList list;
  list.step = step;
  const Share share = with_base(step.base, [&](const auto& base) -> Share {
    if (step.shape == EquationShape::sweep) return check_sweep(list, file.graph, base, progress);
    return check_listed(list, file.graph, base);
  });
  if (!file.graph.directed() && step.base == PathBase::weight)
    list.notes.push_back(
        "the weights are symmetric: an arrow and its reverse would have to be inverse to each "
        "other, so that only weights of 1 and -1 can satisfy all; base sign suits such a graph");
  compare(list, file, share, progress);
  return list;
}

}  // namespace yoneda::study
