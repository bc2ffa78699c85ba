#include "yoneda/study/steps.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "yoneda/category/statistics.hpp"
#include "yoneda/cluster/kmeans.hpp"
#include "yoneda/cluster/sponge.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/graph/profile.hpp"
#include "yoneda/null/compare.hpp"
#include "yoneda/null/construction.hpp"
#include "yoneda/null/gaussian.hpp"
#include "yoneda/null/sign_shuffle.hpp"
#include "yoneda/onednn/gemm.hpp"

namespace yoneda::study {
namespace {

/// Shortest text that reads back as the same number.
std::string text(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

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

void test_against_gaussian(Check& check, const GraphFile& file, const Sources& sources,
                           const CheckStep& step, const Progress& progress) {
  const Subsample part =
      subsample(sources.sae.W_dec, sources.model, step.features, step.tokens, step.seed);
  const auto construction =
      graph_construction(recorded_construction(file), part.model, onednn_gemm());
  const Null null = gaussian(part.W_dec, construction, onednn_gemm());
  const SignedGraph observed = part.whole ? file.graph : construction(part.W_dec);
  check.tests =
      compare_with(null, gaussian_statistics(), observed, step.samples, step.seed, progress);
  check.null_features = part.W_dec.rows();
  check.null_tokens = file.graph.kind() == GraphKind::profile ? part.model.V() : 0;
  if (!part.whole)
    check.notes.push_back("observation and null are compared on the same random part: " +
                          std::to_string(part.W_dec.rows()) + " of " +
                          std::to_string(sources.sae.n()) + " features, " +
                          std::to_string(part.model.V()) + " of " +
                          std::to_string(sources.model.V()) + " tokens");
}

void test_against_signs(Check& check, const SignedGraph& graph, const CheckStep& step,
                        const Progress& progress) {
  check.tests = compare_with(sign_shuffle(graph), sign_statistics(), graph, step.samples, step.seed,
                             progress);
  check.null_features = graph.node_count();
}

Points decoder_points(const Matrix& W_dec) {
  const Matrix unit = unit_rows(W_dec);
  Points points(unit.rows(), unit.cols());
  for (Index i = 0; i < unit.rows(); ++i)
    for (Index j = 0; j < unit.cols(); ++j) points(i, j) = static_cast<double>(unit(i, j));
  return points;
}

Index default_count(Index nodes) {
  return std::max<Index>(1, std::llround(std::sqrt(static_cast<double>(nodes))));
}

}  // namespace

std::optional<GraphKind> buildable_kind(std::string_view wanted) {
  for (const GraphKind kind : {GraphKind::profile, GraphKind::decoder})
    if (wanted == name(kind)) return kind;
  return std::nullopt;
}

ArrowsFile make_arrows(const Sources& sources, const ArrowStep& step, const Progress& progress) {
  ArrowOptions options;
  options.k = step.k;
  options.convention = step.convention;
  ArrowsFile made;
  made.arrows = logit_arrows(sources.sae.W_dec, sources.model, options, onednn_gemm(), progress);
  made.vocabulary = sources.vocabulary;
  made.record.sources = sources.recorded;
  made.record.convention = name(made.arrows.convention);
  made.record.options = {{"k", std::to_string(step.k)}, {"gemm", onednn_gemm().name}};
  return made;
}

GraphFile make_graph(const ArrowsFile& arrows, const Sources* sources, const GraphStep& step,
                     const Progress& progress) {
  GraphFile made;
  made.record = arrows.record;
  made.record.options["kind"] = name(step.kind);
  made.record.options["neighbors"] = std::to_string(step.neighbors.neighbors);
  made.record.options["floor"] = text(step.neighbors.floor);
  if (step.kind == GraphKind::profile) {
    made.graph = profile_graph(arrows.arrows, step.neighbors, progress);
  } else {
    if (!sources)
      throw Error(ErrorKind::value, "a decoder graph needs the SAE itself: name it with --sae");
    made.graph = decoder_graph(sources->sae.W_dec, step.neighbors, onednn_gemm(), progress);
  }
  return made;
}

Categories make_categories(const GraphFile& file, const ArrowsFile* arrows, const Sources* sources,
                           const CategoryStep& step, const Progress& progress) {
  const SignedGraph& graph = file.graph;
  const Index count = step.count > 0 ? step.count : default_count(graph.node_count());
  Categories made;
  made.method = step.method;
  if (step.method == "sponge") {
    SpongeOptions options;
    options.count = count;
    options.seed = step.seed;
    Clustering clustering = sponge_sym(graph, options, progress);
    made.partition = std::move(clustering.partition);
    made.notes = std::move(clustering.notes);
  } else if (step.method == "kmeans") {
    if (!sources)
      throw Error(ErrorKind::value, "k-means groups decoder rows: name the SAE with --sae");
    if (sources->sae.n() != graph.node_count())
      throw Error(ErrorKind::shape, "the SAE has " + std::to_string(sources->sae.n()) +
                                        " features, the graph " +
                                        std::to_string(graph.node_count()) + " nodes");
    KMeansOptions options;
    options.count = count;
    options.seed = step.seed;
    made.partition = by_size({kmeans(decoder_points(sources->sae.W_dec), options).label, count});
  } else {
    throw Error(ErrorKind::value,
                "unknown clustering method '" + step.method + "'; there are sponge and kmeans");
  }
  made.quotient = quotient(graph, made.partition);
  made.scores = {signed_modularity(graph, made.partition), positive_cut(graph, made.partition),
                 negative_uncut(graph, made.partition)};
  if (arrows) made.labels = category_labels(made.partition, token_profiles(arrows->arrows));
  return made;
}

Check make_check(const GraphFile& file, const Sources* sources, const CheckStep& step,
                 const Progress& progress) {
  Check check = check_graph(file.graph);
  const std::string null =
      step.null.empty() ? std::string(default_null(file.graph.kind()).value_or("none")) : step.null;
  if (null == "none") return check;
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
