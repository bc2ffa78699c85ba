#include <algorithm>
#include <cmath>

#include "yoneda/cluster/edge_contraction.hpp"
#include "yoneda/cluster/kmeans.hpp"
#include "yoneda/cluster/leiden.hpp"
#include "yoneda/cluster/signed_laplacian.hpp"
#include "yoneda/cluster/sponge.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/study/steps.hpp"

namespace yoneda::study {
namespace {

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

/// Of a method that takes a count.
template <class Options>
Options options_of(const CategoryStep& step, Index count) {
  Options options;
  options.count = count;
  options.seed = step.seed;
  return options;
}

Clustering by_leiden(const SignedGraph& graph, const CategoryStep& step, const Progress& progress) {
  if (std::ranges::find(leiden_objectives, step.objective) == leiden_objectives.end())
    throw Error(ErrorKind::value, "unknown objective '" + step.objective +
                                      "' of Leiden; there are modularity and potts");
  LeidenOptions options;
  options.seed = step.seed;
  return leiden(graph,
                step.objective == "potts"
                    ? constant_potts(graph, step.resolution.value_or(0))
                    : modularity_objective(graph, step.resolution.value_or(1)),
                options, progress);
}

Clustering by_kmeans(const SignedGraph& graph, const Sources* sources, const CategoryStep& step,
                     Index count) {
  if (!sources)
    throw Error(ErrorKind::value, "k-means groups decoder rows: name the SAE with --sae");
  if (sources->sae.n() != graph.node_count())
    throw Error(ErrorKind::shape, "the SAE has " + std::to_string(sources->sae.n()) +
                                      " features, the graph " + std::to_string(graph.node_count()) +
                                      " nodes");
  const auto options = options_of<KMeansOptions>(step, count);
  Clustering made;
  made.partition = by_size({kmeans(decoder_points(sources->sae.W_dec), options).label, count});
  return made;
}

Clustering grouped(const SignedGraph& graph, const Sources* sources, const CategoryStep& step,
                   const Progress& progress) {
  const bool finds_its_own = step.method == "leiden" || step.method == "correlation";
  if (finds_its_own && step.count > 0)
    throw Error(ErrorKind::value, "how many categories " + step.method +
                                      " finds follows from the graph" +
                                      (step.method == "leiden" ? " and its resolution" : "") +
                                      "; sponge, laplacian and kmeans take a count");
  const Index count = step.count > 0 ? step.count : default_count(graph.node_count());
  if (step.method == "sponge")
    return sponge_sym(graph, options_of<SpongeOptions>(step, count), progress);
  if (step.method == "laplacian")
    return laplacian_clustering(graph, options_of<LaplacianOptions>(step, count), progress);
  if (step.method == "leiden") return by_leiden(graph, step, progress);
  if (step.method == "correlation") return correlation_clustering(graph, step.seed);
  if (step.method == "kmeans") return by_kmeans(graph, sources, step, count);
  std::string known;
  for (const std::string_view method : category_methods)
    known += (known.empty() ? "" : ", ") + std::string(method);
  throw Error(ErrorKind::value,
              "unknown clustering method '" + step.method + "'; there are " + known);
}

}  // namespace

Categories make_categories(const GraphFile& file, const ArrowsFile* arrows, const Sources* sources,
                           const CategoryStep& step, const Progress& progress) {
  const SignedGraph& graph = file.graph;
  if (graph.kind() == GraphKind::virtual_)
    throw Error(ErrorKind::value,
                "a virtual graph joins the features of two SAEs, and categories are of one: group "
                "either SAE's own graph (yoneda graph --kind profile or decoder)");
  Clustering clustering = grouped(graph, sources, step, progress);
  Categories made;
  made.method = step.method;
  made.partition = std::move(clustering.partition);
  made.notes = std::move(clustering.notes);
  made.quotient = quotient(graph, made.partition);
  made.scores = {signed_modularity(graph, made.partition), positive_cut(graph, made.partition),
                 negative_uncut(graph, made.partition)};
  if (arrows) made.labels = category_labels(made.partition, token_profiles(arrows->arrows));
  return made;
}

}  // namespace yoneda::study
