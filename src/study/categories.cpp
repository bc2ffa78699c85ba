#include <algorithm>

#include "grouping.hpp"
#include "yoneda/cluster/exemplars.hpp"
#include "yoneda/cluster/silhouette.hpp"
#include "yoneda/study/steps.hpp"

namespace yoneda::study {
namespace {

void require_fits(const Sources& sources, const SignedGraph& graph) {
  if (sources.sae.n() != graph.node_count())
    throw Error(ErrorKind::shape, "the SAE has " + std::to_string(sources.sae.n()) +
                                      " features, the graph " + std::to_string(graph.node_count()) +
                                      " nodes");
}

/// Rows of length 1, so that k-means goes by direction alone.
Points decoder_points(const Matrix& W_dec) {
  Points points(W_dec.rows(), W_dec.cols());
  for (Index i = 0; i < points.rows(); ++i) {
    for (Index j = 0; j < points.cols(); ++j) points(i, j) = static_cast<double>(W_dec(i, j));
    if (const double length = points.row(i).norm(); length > 0) points.row(i) /= length;
  }
  return points;
}

Silhouettes silhouettes_of(const Matrix& W_dec, const Partition& partition) {
  const std::vector<double> all = silhouettes(W_dec, partition);
  Silhouettes made{mean_silhouette(all), {}};
  for (const auto& group : members(partition)) {
    std::vector<double> own;
    for (const Id feature : group) own.push_back(all[feature]);
    made.category.push_back(mean_silhouette(own));
  }
  return made;
}

/// Labels without junk: what the arrows keep of it names nothing.
std::vector<CategoryLabel> labels_of(const Partition& partition, const ArrowsFile& arrows,
                                     const Sources* sources, const Progress& progress) {
  std::vector<Id> junk;
  if (sources && sources->model.V() == arrows.arrows.V && arrows.record.option("junk") != "drop")
    junk = find_junk(*sources, {}, progress).tokens;
  return category_labels(partition, token_profiles(arrows.arrows), 8, junk);
}

/// With the count that was found best: samples do not search again.
CategoryStep as_found(CategoryStep step, const std::vector<CountStability>& counts) {
  if (counts.empty()) return step;
  step.count = std::ranges::max_element(counts, {}, &CountStability::agreement)->count;
  step.count_by = CountBy::number;
  return step;
}

}  // namespace

Categories make_categories(const GraphFile& file, const ArrowsFile* arrows, const Sources* sources,
                           const CategoryStep& step, const Progress& progress) {
  if (file.graph.kind() == GraphKind::virtual_)
    throw Error(ErrorKind::value,
                "a virtual graph joins the features of two SAEs, and categories are of one: group "
                "either SAE's own graph (yoneda graph --kind profile or decoder)");
  require_options(step);
  if (step.method == "kmeans" && !sources)
    throw Error(ErrorKind::value, "k-means groups decoder rows: name the SAE with --sae");
  Material material{file.graph, {}};
  if (sources) require_fits(*sources, file.graph);
  if (step.method == "kmeans") material.rows = decoder_points(sources->sae.W_dec);

  Categories made;
  made.method = step.method;
  Clustering clustering = grouped(material, step, made.counts, progress);
  made.partition = std::move(clustering.partition);
  made.notes = std::move(clustering.notes);
  made.quotient = quotient(file.graph, made.partition);
  made.exemplars = exemplars(file.graph, made.partition);
  made.scores = {signed_modularity(file.graph, made.partition),
                 positive_cut(file.graph, made.partition),
                 negative_uncut(file.graph, made.partition)};
  if (arrows) made.labels = labels_of(made.partition, *arrows, sources, progress);
  if (sources) made.silhouettes = silhouettes_of(sources->sae.W_dec, made.partition);
  if (step.samples > 0)
    made.stability = stability_of(made.partition, material, as_found(step, made.counts), progress);
  if (step.hierarchy) made.hierarchy = average_linkage(file.graph, made.partition);
  return made;
}

}  // namespace yoneda::study
