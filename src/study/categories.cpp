#include <algorithm>
#include <cmath>

#include "yoneda/cluster/kmeans.hpp"
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

}  // namespace

Categories make_categories(const GraphFile& file, const ArrowsFile* arrows, const Sources* sources,
                           const CategoryStep& step, const Progress& progress) {
  const SignedGraph& graph = file.graph;
  if (graph.kind() == GraphKind::virtual_)
    throw Error(ErrorKind::value,
                "a virtual graph joins the features of two SAEs, and categories are of one: group "
                "either SAE's own graph (yoneda graph --kind profile or decoder)");
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

}  // namespace yoneda::study
