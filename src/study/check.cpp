#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include "yoneda/category/isotropic.hpp"
#include "yoneda/category/statistics.hpp"
#include "yoneda/null/compare.hpp"
#include "yoneda/null/construction.hpp"
#include "yoneda/null/gaussian.hpp"
#include "yoneda/null/sign_shuffle.hpp"
#include "yoneda/onednn/gemm.hpp"
#include "yoneda/study/steps.hpp"

namespace yoneda::study {
namespace {

Index number(const Record& record, std::string_view name) {
  const std::string value = record.option(name, "0");
  return std::atoll(value.c_str());
}

/// The construction that made a graph, from what the graph's file recorded.
Construction recorded_construction(const GraphFile& file) {
  Construction how;
  how.kind = file.graph.kind();
  how.k = number(file.record, "k");
  how.convention = convention_from(file.record.convention).value_or(Convention::automatic);
  how.neighbors.neighbors = number(file.record, "neighbors");
  how.neighbors.floor = std::atof(file.record.option("floor", "0").c_str());
  if (how.neighbors.neighbors < 1 || (how.kind == GraphKind::profile && how.k < 1))
    throw Error(ErrorKind::value,
                "the graph's file does not say how the graph was made (k, neighbors), so no null "
                "can make it again");
  return how;
}

// Shuffled signs keep every triangle, so only a null that draws the edges again can say whether
// there are many of them.
std::vector<Statistic> sign_statistics() {
  return {triangle_balance_statistic(), frustrated_share_statistic()};
}

std::vector<Statistic> gaussian_statistics() {
  return {triangle_balance_statistic(), frustrated_share_statistic(), triangle_count_statistic()};
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

void test_against_gaussian(Check& check, const GraphFile& file, const Sources& sources,
                           const CheckStep& step, const Progress& progress) {
  // Tokens that the arrows leave out are left out of the null, too.
  Unembedding model = sources.model;
  model.W_U = without_rows(model.W_U, excluded_tokens(file.record, model.V()));
  const Subsample part = subsample(sources.sae.W_dec, model, step.features, step.tokens, step.seed);
  const auto construction =
      graph_construction(recorded_construction(file), part.model, onednn_gemm());
  const Null null = gaussian(part.W_dec, construction, onednn_gemm());
  const SignedGraph observed = part.whole ? file.graph : construction(part.W_dec);
  test_against(check, null, gaussian_statistics(), observed, step, progress);
  check.null_features = part.W_dec.rows();
  check.null_tokens = file.graph.kind() == GraphKind::profile ? part.model.V() : 0;
  if (!part.whole) place(check.feature_p, part.features, file.graph.node_count());
  if (!part.whole)
    check.notes.push_back("observation and null are compared on the same random part: " +
                          std::to_string(part.W_dec.rows()) + " of " +
                          std::to_string(sources.sae.n()) + " features, " +
                          std::to_string(part.model.V()) + " of " + std::to_string(model.V()) +
                          " tokens");
}

void test_against_signs(Check& check, const SignedGraph& graph, const CheckStep& step,
                        const Progress& progress) {
  test_against(check, sign_shuffle(graph), sign_statistics(), graph, step, progress);
  check.null_features = graph.node_count();
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

}  // namespace

Check make_check(const GraphFile& file, const Sources* sources, const CheckStep& step,
                 const Progress& progress) {
  Check check = check_graph(file.graph);
  if (step.categories && !file.graph.directed())
    look_at_categories(check, file.graph, *step.categories);
  if (file.graph.kind() == GraphKind::decoder && sources)
    check.isotropic = isotropic_excess(file.graph, sources->sae.W_dec);
  const std::string null =
      step.null.empty() ? std::string(default_null(file.graph.kind()).value_or("none")) : step.null;
  if (null == "none") {
    if (file.graph.kind() == GraphKind::virtual_ && step.null.empty())
      check.notes.push_back(
          "no verdict: the null that suits a virtual graph, joint-rotation, cannot be drawn yet; "
          "random directions balance more than half of the squares too, the more the lower their "
          "dimension");
    return check;
  }
  require_honest(null, file.graph.kind());
  if (null == "sign") {
    test_against_signs(check, file.graph, step, progress);
  } else if (null != "gaussian") {
    throw Error(ErrorKind::value, "unknown null '" + null + "'; there are gaussian, sign and none");
  } else if (sources) {
    test_against_gaussian(check, file, *sources, step, progress);
  } else if (step.null.empty()) {
    check.notes.push_back("no verdict: the null that suits a " +
                          std::string(name(file.graph.kind())) +
                          " graph is gaussian, which needs --sae and --model; no other is honest");
  } else {
    throw Error(ErrorKind::value,
                "the gaussian null makes the graph again from random directions: "
                "it needs --sae and --model");
  }
  return check;
}

}  // namespace yoneda::study
