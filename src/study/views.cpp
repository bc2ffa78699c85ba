#include <algorithm>
#include <utility>

#include "null_graphs.hpp"
#include "same_sources.hpp"
#include "yoneda/category/magnitude.hpp"
#include "yoneda/category/min_plus.hpp"
#include "yoneda/graph/subgraph.hpp"
#include "yoneda/null/compare.hpp"
#include "yoneda/null/weight_shuffle.hpp"
#include "yoneda/study/views_file.hpp"

namespace yoneda::study {
namespace {

constexpr Index largest_closed = 4096;  // nodes: 128 MB of distances, a minute of closure

void require_categories(const Viewed& viewed, const ViewStep& step) {
  const Index nodes = viewed.graph.graph.node_count();
  if (!viewed.categories) {
    if (step.categories.empty()) return;
    throw Error(ErrorKind::value,
                "--category: this graph has no categories; name a study that has "
                "(yoneda categories STUDY)");
  }
  const Partition& partition = viewed.categories->partition;
  if (static_cast<Index>(partition.label.size()) != nodes)
    throw Error(ErrorKind::shape, "the study's categories are of " +
                                      std::to_string(partition.label.size()) +
                                      " features, its graph is of " + std::to_string(nodes) +
                                      ": make the categories again");
  for (const Id category : step.categories)
    if (category < 0 || category >= partition.count)
      throw Error(ErrorKind::value, "there is no category " + std::to_string(category) +
                                        ", only 0 to " + std::to_string(partition.count - 1));
}

/// Where it can be told: a user may name another SAE that has as many features.
void require_own_sources(const Viewed& viewed) {
  if (viewed.sources && viewed.arrows) require_same_sources(*viewed.sources, viewed.arrows->arrows);
}

bool asked_for(Id category, const ViewStep& step) {
  return step.categories.empty() ||
         std::ranges::find(step.categories, category) != step.categories.end();
}

/// The categories that were asked for; features of others have none.
Partition part_of(const Partition& partition, const ViewStep& step) {
  Partition part = partition;
  for (Id& label : part.label)
    if (!asked_for(label, step)) label = -1;
  return part;
}

Statistic enriched_share_statistic() {
  return {{"composed share", 0, 1},
          [](const SignedGraph& graph) { return enrichment_defects(graph, 1).enriched_share(); }};
}

/// The gaussian null, or a note of why it cannot be made.
std::optional<NullGraphs> null_or_reason(const Viewed& viewed, const ViewStep& step,
                                         std::vector<std::string>& notes) {
  try {
    return null_graphs("gaussian", viewed.graph, *viewed.sources, step.features, step.tokens,
                       step.seed);
  } catch (const Error& error) {
    if (error.kind != ErrorKind::value) throw;
    notes.push_back(std::string("no verdict: ") + error.what());
    return std::nullopt;
  }
}

void test_enrichment(LawvereView& view, const Viewed& viewed, const ViewStep& step,
                     const Progress& progress) {
  const SignedGraph& graph = viewed.graph.graph;
  const auto compare = [&](const Null& null, const SignedGraph& observed) {
    view.tests.push_back(compare_with(null, enriched_share_statistic(), observed, step.samples,
                                      step.seed, progress));
  };
  if (graph.kind() == GraphKind::user) return compare(weight_shuffle(graph), graph);
  if (graph.kind() == GraphKind::flow) {
    view.notes.push_back("no verdict: nothing here can make a flow graph again");
  } else if (!viewed.sources) {
    view.notes.push_back("no verdict: the null that suits a " + std::string(name(graph.kind())) +
                         " graph is gaussian, which needs --sae and --model; no other is honest");
  } else {
    const auto part = null_or_reason(viewed, step, view.notes);
    if (!part) return;
    compare(part->null, part->observed);
    if (part->note) view.notes.push_back(*part->note);
  }
}

/// Whether sizes split into one factor for each end more than in graphs of turned directions.
void test_layers(HodgeView& view, const Viewed& viewed, const ViewStep& step,
                 const Progress& progress) {
  const Statistic gradient{{"gradient share", 0, 1, "cochain"}, [](const SignedGraph& graph) {
                             return hodge_decomposition(cochain(graph)).share.gradient;
                           }};
  const NullGraphs part = virtual_null_graphs(viewed.graph, *viewed.pair, step.features, step.seed,
                                              Direction::directed);
  view.tests.insert(view.tests.begin(), compare_with(part.null, gradient, part.observed,
                                                     step.samples, step.seed, progress));
  if (part.note) view.notes.push_back(*part.note);
}

Index arrows_shortened(const Distances& before, const Distances& closed) {
  constexpr double rounding = 1e-6;
  Index count = 0;
  for (Index i = 0; i < before.size(); ++i)
    for (Index j = 0; j < before.size(); ++j)
      count += std::isfinite(before(i, j)) && before(i, j) > closed(i, j) + rounding;
  return count;
}

/// Of the nodes of a graph of probabilities.
CategoryMagnitude magnitude_of(const SignedGraph& p, Id category, const std::vector<Id>& nodes,
                               const Progress& progress) {
  CategoryMagnitude made;
  made.category = category;
  made.features = static_cast<Index>(nodes.size());
  if (made.features > largest_closed) {
    made.refused = "of more than " + std::to_string(largest_closed) +
                   " features, too many for the distances between all of them";
    return made;
  }
  const Distances arrows = arrow_distances(induced_subgraph(p, nodes));
  const Distances closed = min_plus_closure(arrows, progress);
  made.shortened = arrows_shortened(arrows, closed) / (p.directed() ? 1 : 2);
  if (const auto same = one_point(closed)) {
    made.refused = "features " + std::to_string(nodes[same->first]) + " and " +
                   std::to_string(nodes[same->second]) + " are at distance 0, one point";
    return made;
  }
  try {
    for (const double scale : magnitude_scales) {
      const Magnitude found = magnitude(closed, scale);
      made.condition = std::max(made.condition, found.condition);
      made.at_scale.push_back(found.value);
    }
  } catch (const Error& error) {
    made.at_scale.clear();
    made.refused = error.what();
  }
  return made;
}

}  // namespace

HodgeView hodge_view(const Viewed& viewed, const ViewStep& step, const Progress& progress) {
  HodgeView view;
  view.cochain = cochain(viewed.graph.graph);
  progress.check("Hodge decomposition", 0);
  view.found = hodge_decomposition(view.cochain);
  progress.check("Hodge decomposition", 1);
  HodgeOptions options;
  options.samples = step.samples;
  options.seed = step.seed;
  view.tests = hodge_tests(view.cochain, view.found, options, progress);
  if (viewed.pair) test_layers(view, viewed, step, progress);
  return view;
}

SheafView sheaf_view(const Viewed& viewed, const ViewStep& step, const Progress& progress) {
  require_own_sources(viewed);
  require_undirected(viewed.graph.graph, "a sheaf of categories");
  if (!viewed.categories)
    throw Error(ErrorKind::value,
                "a sheaf is over categories, and there are none: name a study that has "
                "(yoneda categories STUDY)");
  require_categories(viewed, step);
  if (!viewed.sources)
    throw Error(ErrorKind::value,
                "the spaces of a sheaf are cut from the decoder's rows: name the SAE and the model "
                "with --sae and --model");
  SheafView view;
  view.data = sheaf_data(viewed.sources->sae.W_dec, viewed.graph.graph,
                         part_of(viewed.categories->partition, step), {step.rank});
  for (std::vector<Id>* left_out : {&view.data.too_small, &view.data.unjoined})
    std::erase_if(*left_out, [&](Id category) { return !asked_for(category, step); });
  if (view.data.edges.empty())
    throw Error(ErrorKind::value, "no two categories have " + std::to_string(3 * step.rank) +
                                      " features paired one to one, three for each of " +
                                      std::to_string(step.rank) +
                                      " dimensions: ask for a lower --rank, or make fewer, larger "
                                      "categories");
  view.sheaf = fitted_sheaf(view.data);
  view.triangles = triangle_holonomies(view.sheaf);
  view.spectrum = sheaf_spectrum(view.sheaf);
  const Sheaf ambient = ambient_sheaf(view.data);
  view.ambient_holonomy = mean_holonomy(triangle_holonomies(ambient));
  view.ambient_smallest = sheaf_spectrum(ambient).smallest;
  view.tests = sheaf_tests(view.data, {step.samples, step.seed}, progress);
  return view;
}

LawvereView lawvere_view(const Viewed& viewed, const ViewStep& step, const Progress& progress) {
  require_own_sources(viewed);
  const SignedGraph& graph = viewed.graph.graph;
  require_categories(viewed, step);
  if (leads_across(graph))
    throw Error(ErrorKind::value,
                "all arrows lead from one layer to the next, so none follows another: there is "
                "nothing to compose");
  LawvereView view;
  view.defects = enrichment_defects(graph);
  test_enrichment(view, viewed, step, progress);
  const SignedGraph p = probabilities(graph);
  if (viewed.categories) {
    const auto groups = members(viewed.categories->partition);
    for (Id c = 0; c < static_cast<Id>(groups.size()); ++c) {
      if (!asked_for(c, step) || groups[c].empty()) continue;
      const double share = static_cast<double>(c) / static_cast<double>(groups.size());
      const Progress here([&](Stage, double) { return progress("magnitudes", share); });
      view.magnitudes.push_back(magnitude_of(p, c, groups[c], here));
    }
    progress.check("magnitudes", 1);
  } else if (graph.node_count() > 0) {
    std::vector<Id> all;
    for (Id u = 0; u < graph.node_count(); ++u) all.push_back(u);
    view.magnitudes.push_back(magnitude_of(p, -1, all, progress));
  }
  return view;
}

}  // namespace yoneda::study
