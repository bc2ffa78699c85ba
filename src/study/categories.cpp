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

/// Labels without junk: what the arrows keep of it names nothing, which a note counts.
std::vector<CategoryLabel> labels_of(const Partition& partition, const ArrowsFile& arrows,
                                     const Sources* sources, std::vector<std::string>& notes,
                                     const Progress& progress) {
  std::vector<Id> junk;
  if (sources && sources->model.V() == arrows.arrows.V && arrows.record.option("junk") != "drop")
    junk = find_junk(*sources, {}, progress).tokens;
  if (!junk.empty())
    notes.push_back(std::to_string(junk.size()) +
                    " tokens that look under-trained name no category");
  return category_labels(partition, token_profiles(arrows.arrows), 8, junk);
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
    throw Error(ErrorKind::value,
                "k-means groups decoder rows: name the weights with --sae and --model");
  Material material{file.graph, {}};
  if (sources) require_fits(*sources, file.graph);
  if (step.method == "kmeans")  // by direction alone
    material.rows = detail::rows_of_length_one(sources->sae.W_dec, 0, sources->sae.n());

  Categories made;
  made.method = step.method;
  ChosenCount chosen = choose_count(material, step, progress);
  made.counts = std::move(chosen.tried);
  Clustering clustering = grouped(material, chosen.step, progress);
  made.partition = std::move(clustering.partition);
  made.notes = std::move(clustering.notes);
  made.quotient = quotient(file.graph, made.partition);
  made.exemplars = exemplars(file.graph, made.partition);
  made.scores = {signed_modularity(file.graph, made.partition),
                 positive_cut(file.graph, made.partition),
                 negative_uncut(file.graph, made.partition)};
  if (arrows) made.labels = labels_of(made.partition, *arrows, sources, made.notes, progress);
  if (sources) made.silhouettes = silhouettes_of(sources->sae.W_dec, made.partition);
  if (step.samples > 0)
    made.stability = stability_of(made.partition, material, chosen.step, progress);
  if (step.hierarchy) made.hierarchy = average_linkage(file.graph, made.partition);
  return made;
}

}  // namespace yoneda::study
