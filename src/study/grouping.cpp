#include "grouping.hpp"

#include <algorithm>
#include <cmath>

#include "yoneda/cluster/consensus.hpp"
#include "yoneda/cluster/edge_contraction.hpp"
#include "yoneda/cluster/hierarchy.hpp"
#include "yoneda/cluster/leiden.hpp"
#include "yoneda/cluster/signed_laplacian.hpp"
#include "yoneda/cluster/sponge.hpp"
#include "yoneda/graph/subgraph.hpp"

namespace yoneda::study {
namespace {

constexpr Index best_of = 10;           // runs of a method that begins at random
constexpr Index samples_per_count = 5;  // where stability chooses the count

bool finds_its_count(const CategoryStep& step) {
  return step.method == "leiden" || step.method == "correlation";
}

bool has_spectrum(const CategoryStep& step) {
  return step.method == "sponge" || step.method == "laplacian";
}

template <std::size_t Size>
void require_known(const std::string& name, const std::array<std::string_view, Size>& known,
                   const std::string& what) {
  if (std::ranges::find(known, name) != known.end()) return;
  std::string list;
  for (const std::string_view one : known) list += (list.empty() ? "" : ", ") + std::string(one);
  throw Error(ErrorKind::value, "unknown " + what + " '" + name + "'; there are " + list);
}

/// Features that can have a category: those with an edge, of k-means all.
Index groupable(const CategoryStep& step, const SignedGraph& graph) {
  if (step.method == "kmeans") return graph.node_count();
  Index joined = 0;
  for (Id i = 0; i < graph.node_count(); ++i) joined += graph.degree(i) > 0;
  return joined;
}

/// The count that the user asks for, else √n; where it is chosen the most there may be, 2√n.
Index count_of(const CategoryStep& step, const SignedGraph& graph) {
  if (step.count > 0) return step.count;
  const Index n = groupable(step, graph);
  const double root = std::sqrt(static_cast<double>(n));
  const Index count = std::llround(step.count_by == CountBy::number ? root : 2 * root);
  return std::max<Index>(1, std::min(count, n));
}

/// Of a method that takes a count.
template <class Options>
Options options_of(const CategoryStep& step, Index count, Index restarts) {
  Options options;
  options.count = count;
  options.restarts = restarts;
  options.seed = step.seed;
  return options;
}

Clustering by_spectrum(const SignedGraph& graph, const CategoryStep& step, Index count,
                       Index restarts, const Progress& progress) {
  const bool at_gap = step.count_by == CountBy::automatic;
  if (step.method == "sponge") {
    auto options = options_of<SpongeOptions>(step, count, restarts);
    options.at_gap = at_gap;
    return step.normalization == "none" ? sponge(graph, options, progress)
                                        : sponge_sym(graph, options, progress);
  }
  auto options = options_of<LaplacianOptions>(step, count, restarts);
  options.at_gap = at_gap;
  options.kind = step.normalization == "none"          ? SignedLaplacian::combinatorial
                 : step.normalization == "random-walk" ? SignedLaplacian::random_walk
                                                       : SignedLaplacian::symmetric;
  return laplacian_clustering(graph, options, progress);
}

Clustering by_leiden(const SignedGraph& graph, const CategoryStep& step, Index restarts,
                     const Progress& progress) {
  LeidenOptions options;
  options.restarts = restarts;
  options.seed = step.seed;
  return leiden(graph,
                step.objective == "potts"
                    ? constant_potts(graph, step.resolution.value_or(0))
                    : modularity_objective(graph, step.resolution.value_or(1)),
                options, progress);
}

/// Average linkage from every feature that has an edge, as far as the count or what repels.
Clustering by_linkage(const SignedGraph& graph, Index count) {
  Partition apart{std::vector<Id>(graph.node_count(), -1), 0};
  for (Id i = 0; i < graph.node_count(); ++i)
    if (graph.degree(i) > 0) apart.label[i] = static_cast<Id>(apart.count++);
  if (count > apart.count)
    throw Error(ErrorKind::value, "linkage: " + std::to_string(count) + " categories, but only " +
                                      std::to_string(apart.count) + " nodes have an edge");
  const Hierarchy hierarchy = average_linkage(graph, apart);
  Clustering made;
  made.partition =
      detail::without_lone_nodes(graph, regrouped(apart, cut(hierarchy, count)), made.notes);
  if (hierarchy.roots() > count)
    made.notes.push_back("no fewer than " + std::to_string(hierarchy.roots()) +
                         " groups: what is left repels, or has nothing in common");
  return made;
}

Clustering once(const Material& material, const CategoryStep& step, Index restarts,
                const Progress& progress) {
  const SignedGraph& graph = material.graph;
  const Index count = count_of(step, graph);
  if (has_spectrum(step)) return by_spectrum(graph, step, count, restarts, progress);
  if (step.method == "leiden") return by_leiden(graph, step, restarts, progress);
  if (step.method == "correlation") return correlation_clustering(graph, step.seed);
  if (step.method == "linkage") return by_linkage(graph, count);
  Clustering made;
  const auto options = options_of<KMeansOptions>(step, count, restarts);
  made.partition = by_size({kmeans(material.rows, options, progress).label, count});
  return made;
}

/// What runs from different seeds agree on. Each begins once: the agreement takes the place of the
/// best of several.
Clustering agreed(const Material& material, CategoryStep step, const Progress& progress) {
  ConsensusOptions options;
  options.seed = step.seed;
  std::vector<Partition> runs;
  std::vector<std::string> notes;  // of the first run
  for (Index r = 0; r < step.consensus; ++r) {
    Clustering run = once(material, step, 1, progress);
    if (r == 0) notes = std::move(run.notes);
    runs.push_back(std::move(run.partition));
    ++step.seed;
  }
  Clustering made = consensus(std::span<const Partition>(runs), options);
  made.notes.insert(made.notes.begin(), notes.begin(), notes.end());
  return made;
}

Material part_of(const Material& material, std::span<const Id> nodes) {
  Material part{induced_subgraph(material.graph, nodes), {}};
  part.rows.resize(material.rows.rows() > 0 ? static_cast<Index>(nodes.size()) : 0,
                   material.rows.cols());
  for (Index i = 0; i < part.rows.rows(); ++i) part.rows.row(i) = material.rows.row(nodes[i]);
  return part;
}

Partition group_of(const Material& material, std::span<const Id> nodes, CategoryStep step,
                   std::uint64_t seed, const Progress& progress) {
  step.seed = seed;
  return grouped(part_of(material, nodes), step, progress).partition;
}

/// Progress of samples, and of what runs within one: that may stop it, but has no share of its own.
struct NestedProgress {
  explicit NestedProgress(const Progress& progress)
      : samples([this, &progress](Stage stage, double share) {
          reached = share;
          return progress(stage, share);
        }),
        within([this, &progress](Stage, double) { return progress("stability", reached); }) {}
  NestedProgress(const NestedProgress&) = delete;
  NestedProgress& operator=(const NestedProgress&) = delete;

  double reached = 0;
  Progress samples, within;
};

std::vector<CountStability> counts_tried(const Material& material, const CategoryStep& step,
                                         const Progress& progress) {
  const Index most = std::min(count_of(step, material.graph), groupable(step, material.graph) / 2);
  if (most < 2)
    throw Error(ErrorKind::value,
                "too few features to choose a number of categories by what comes back");
  CategoryStep of_count = step;
  of_count.count_by = CountBy::number;
  StabilityOptions options;
  options.samples = samples_per_count;
  options.seed = step.seed;
  const NestedProgress nested(progress);
  return stability_of_counts(
      material.graph.node_count(), spread_counts(most),
      [&](std::span<const Id> some, Index count, std::uint64_t seed) {
        of_count.count = count;
        return group_of(material, some, of_count, seed, nested.within);
      },
      options, nested.samples);
}

void require_samples(const Material& material, const CategoryStep& step) {
  const auto features = static_cast<double>(groupable(step, material.graph));
  const Index sample = std::llround(StabilityOptions().share * features);
  if (step.samples > 0 && step.count > sample)
    throw Error(ErrorKind::value, "samples of about " + std::to_string(sample) +
                                      " features are too small for " + std::to_string(step.count) +
                                      " categories; ask for fewer, or leave out --stability");
}

}  // namespace

void require_options(const CategoryStep& step) {
  require_known(step.method, category_methods, "clustering method");
  require_known(step.objective, leiden_objectives, "objective of Leiden");
  require_known(step.normalization, normalizations, "normalization");
  const auto refuse = [&](const std::string& why) { throw Error(ErrorKind::value, why); };
  if (finds_its_count(step) && (step.count > 0 || step.count_by != CountBy::number))
    refuse("how many categories " + step.method + " finds follows from the graph" +
           (step.method == "leiden" ? " and its resolution" : "") +
           "; sponge, laplacian, linkage and kmeans take a count");
  if (step.normalization != "symmetric" && !has_spectrum(step))
    refuse(step.method + " is not normalized; sponge and laplacian are");
  if (step.normalization == "random-walk" && step.method == "sponge")
    refuse("SPONGE is normalized symmetrically or not at all; laplacian has a random walk");
  if (step.resolution && step.method != "leiden")
    refuse(step.method + " has no resolution; leiden has");
  if (step.objective != "modularity" && step.method != "leiden")
    refuse(step.method + " has no objective to choose; leiden has");
  if (step.consensus < 1) refuse("a consensus of no runs");
  if (step.consensus > 1 && step.method == "linkage")
    refuse("linkage begins nowhere at random, so all its runs agree");
}

ChosenCount choose_count(const Material& material, CategoryStep step, const Progress& progress) {
  ChosenCount chosen{std::move(step), {}};
  CategoryStep& now = chosen.step;
  if (finds_its_count(now)) return chosen;
  if (now.count_by == CountBy::number ||
      (now.count_by == CountBy::automatic && has_spectrum(now))) {
    now.count = count_of(now, material.graph);
  } else {
    chosen.tried = counts_tried(material, now, progress);
    now.count = std::ranges::max_element(chosen.tried, {}, &CountStability::agreement)->count;
    now.count_by = CountBy::number;
  }
  require_samples(material, now);
  return chosen;
}

Clustering grouped(const Material& material, const CategoryStep& step, const Progress& progress) {
  return step.consensus > 1 ? agreed(material, step, progress)
                            : once(material, step, best_of, progress);
}

Stability stability_of(const Partition& partition, const Material& material,
                       const CategoryStep& step, const Progress& progress) {
  StabilityOptions options;
  options.samples = step.samples;
  options.seed = step.seed;
  const NestedProgress nested(progress);
  return stability(
      partition,
      [&](std::span<const Id> nodes, std::uint64_t seed) {
        return group_of(material, nodes, step, seed, nested.within);
      },
      options, nested.samples);
}

}  // namespace yoneda::study
