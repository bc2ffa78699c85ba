#include <algorithm>
#include <limits>
#include <utility>

#include "null_graphs.hpp"
#include "yoneda/category/isotropic.hpp"
#include "yoneda/category/statistics.hpp"
#include "yoneda/null/compare.hpp"
#include "yoneda/null/rewire.hpp"
#include "yoneda/null/sign_shuffle.hpp"
#include "yoneda/null/weight_shuffle.hpp"
#include "yoneda/study/steps.hpp"

namespace yoneda::study {
namespace {

// Shuffled signs and weights keep every triangle, so only a null that draws the edges again can say
// whether there are many of them.
std::vector<Statistic> statistics_against(std::string_view null) {
  std::vector<Statistic> statistics{triangle_balance_statistic(), frustrated_share_statistic()};
  if (null != "sign" && null != "weights") statistics.push_back(triangle_count_statistic());
  return statistics;
}

/// The tests, and a p-value of every feature's frustration from the same draws.
void test_against(Check& check, const Null& null, const std::vector<Statistic>& statistics,
                  const SignedGraph& observed, const CheckStep& step, const Progress& progress) {
  std::vector<std::vector<FeatureValue>> drawn(std::max<Index>(0, step.samples));
  check.tests = compare_with(null, statistics, observed, step.samples, step.seed, progress, {},
                             [&drawn](Index i, const SignedGraph& graph) {
                               drawn[i] = frustration_values(graph, feature_frustration(graph));
                             });
  std::vector<FeatureValue> pool;
  for (const auto& values : drawn) pool.insert(pool.end(), values.begin(), values.end());
  check.feature_p =
      feature_p(frustration_values(observed, feature_frustration(observed)), pool, step.samples);
}

/// Moves what was found of part of the features to where they are among all.
void place(FeatureP& found, const std::vector<Id>& features, Index n) {
  FeatureP whole = found;
  whole.p.assign(n, std::numeric_limits<double>::quiet_NaN());
  whole.q = whole.p;
  whole.pool.assign(n, 0);
  for (std::size_t i = 0; i < features.size(); ++i) {
    whole.p[features[i]] = found.p[i];
    whole.q[features[i]] = found.q[i];
    whole.pool[features[i]] = found.pool[i];
  }
  found = std::move(whole);
}

void test_against_directions(Check& check, std::string_view kind, const GraphFile& file,
                             const Sources& sources, const CheckStep& step,
                             const Progress& progress) {
  const NullGraphs part = null_graphs(kind, file, sources, step.features, step.tokens, step.seed);
  test_against(check, part.null, statistics_against(kind), part.observed, step, progress);
  check.null_features = static_cast<Index>(part.features.size());
  check.null_tokens = file.graph.kind() == GraphKind::profile ? part.tokens : 0;
  if (!part.note) return;
  place(check.feature_p, part.features, file.graph.node_count());
  check.notes.push_back(*part.note);
}

/// How frustrated each category is.
void look_at_categories(Check& check, const SignedGraph& graph, const Partition& categories) {
  if (static_cast<Index>(categories.label.size()) != graph.node_count()) {
    check.notes.push_back("the categories are of " + std::to_string(categories.label.size()) +
                          " features, not of the graph's " + std::to_string(graph.node_count()) +
                          ", and are left out");
    return;
  }
  check.by_category = category_frustration(graph, categories, check.frustration.total.side);
}

void test_against_edges(Check& check, std::string_view kind, const SignedGraph& graph,
                        const CheckStep& step, const Progress& progress) {
  const Null null = kind == "rewire"    ? rewire(graph)
                    : kind == "weights" ? weight_shuffle(graph)
                                        : sign_shuffle(graph);
  test_against(check, null, statistics_against(kind), graph, step, progress);
  check.null_features = graph.node_count();
}

void test_against_joint_rotations(Check& check, const GraphFile& file, const SaePair& pair,
                                  const CheckStep& step, const Progress& progress) {
  const NullGraphs part =
      virtual_null_graphs(file, pair, step.features, step.seed, Direction::undirected);
  const std::vector<Statistic> statistics{square_balance_statistic(), frustrated_share_statistic(),
                                          square_count_statistic()};
  check.tests =
      compare_with(part.null, statistics, part.observed, step.samples, step.seed, progress);
  check.null_features = static_cast<Index>(part.features.size());
  if (part.note) check.notes.push_back(*part.note);
}

/// The null to use, honest for the graph; "none" for none.
std::string null_for(const GraphFile& file, const CheckStep& step) {
  const GraphKind kind = file.graph.kind();
  std::string null =
      step.null.empty() ? std::string(default_null(kind).value_or("none")) : step.null;
  if (null == "none") return null;
  if (std::ranges::find(null_kinds, null) == null_kinds.end()) {
    std::string known;
    for (const std::string_view kind_of_null : null_kinds)
      known += std::string(kind_of_null) + ", ";
    throw Error(ErrorKind::value, "unknown null '" + null + "'; there are " + known + "none");
  }
  require_honest(null, kind);
  return null;
}

/// Where the weights a null draws again are missing: an error if the user asked for it.
void without_weights(Check& check, const std::string& null, const GraphFile& file,
                     const CheckStep& step, const std::string& needs) {
  if (!step.null.empty())
    throw Error(ErrorKind::value, "the " + null +
                                      " null makes the graph again from random directions: it "
                                      "needs " +
                                      needs);
  check.notes.push_back("no verdict: the null that suits a " +
                        std::string(name(file.graph.kind())) + " graph is " + null +
                        ", which needs " + needs + "; no other is honest");
}

}  // namespace

Check make_check(const GraphFile& file, const Sources* sources, const CheckStep& step,
                 const Progress& progress) {
  if (file.graph.kind() == GraphKind::virtual_)
    return make_virtual_check(file, nullptr, step, progress);
  Check check = check_graph(file.graph);
  if (step.categories && !file.graph.directed())
    look_at_categories(check, file.graph, *step.categories);
  if (file.graph.kind() == GraphKind::decoder && sources)
    if (const auto found = isotropic_excess(file.graph, sources->sae.W_dec); found.triangles > 0)
      check.isotropic = found;
  const std::string null = null_for(file, step);
  if (null == "none") return check;
  if (!draws_directions(null))
    test_against_edges(check, null, file.graph, step, progress);
  else if (sources)
    test_against_directions(check, null, file, *sources, step, progress);
  else
    without_weights(check, null, file, step, "--sae and --model");
  return check;
}

Check make_virtual_check(const GraphFile& file, const SaePair* pair, const CheckStep& step,
                         const Progress& progress) {
  if (file.graph.kind() != GraphKind::virtual_)
    throw Error(ErrorKind::value,
                "a " + std::string(name(file.graph.kind())) + " graph is not one between two SAEs");
  Check check = check_graph(file.graph);
  const std::string null = null_for(file, step);
  if (null == "none") return check;
  if (pair)
    test_against_joint_rotations(check, file, *pair, step, progress);
  else
    without_weights(check, null, file, step,
                    "both SAEs, as a graph in .safetensors names them where they still are");
  return check;
}

}  // namespace yoneda::study
