// yoneda views: the same graph as a flow, as a sheaf over its categories, as a space of costs.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "command.hpp"
#include "description.hpp"
#include "summary.hpp"
#include "terminal.hpp"
#include "yoneda/study/views_file.hpp"

namespace tool {
namespace {

using yoneda::CochainKind;
using yoneda::Id;
using yoneda::Index;
using yoneda::NullTest;

struct ViewsOptions {
  SourceFlags sources;
  study::ViewStep step;
  std::string input, output;
  bool hodge = false, sheaf = false, lawvere = false;

  bool all() const { return !hodge && !sheaf && !lawvere; }
};

/// The graph with what is known of its nodes.
struct Scene {
  study::GraphFile graph;
  std::optional<study::ArrowsFile> arrows;
  std::optional<study::NamedPartition> categories;
  std::optional<study::Sources> sources;
  std::optional<study::SaePair> pair;

  study::Viewed viewed() const {
    return {graph, categories ? &*categories : nullptr, sources ? &*sources : nullptr,
            pair ? &*pair : nullptr, arrows ? &*arrows : nullptr};
  }
};

Scene open_scene(const ViewsOptions& options) {
  const auto study = study_named(options.input);
  Scene scene;
  scene.graph = study::read_graph(study ? study->graph() : options.input);
  if (study && std::filesystem::exists(study->arrows()))
    scene.arrows = study::read_arrows(study->arrows());
  if (study && std::filesystem::exists(study->categories()))
    scene.categories = study::read_named_partition(study->categories());
  if (options.sources.given() || scene.graph.graph.kind() != yoneda::GraphKind::virtual_)
    scene.sources = open_or_reopen(options.sources, scene.graph.record);
  else
    scene.pair = reopen_saes(scene.graph.record);
  return scene;
}

std::string number_text(const std::optional<double>& value) {
  return value ? fmt::format("{:.3f}", *value) : "none";
}

// Tests, and behind the last one beside a null what that null keeps.
void print_tests(const std::vector<NullTest>& tests) {
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const NullTest& test = tests[i];
    fmt::print("\n  {}: {}\n", test.statistic, heading(std::string(name(test.verdict))));
    print_wrapped(test.reason);
    if (i + 1 < tests.size() && tests[i + 1].null_kind == test.null_kind) continue;
    fmt::print("\n  {}\n", wrapped(fmt::format("null: {}, {} draws, seed {}. {}", test.null_kind,
                                               test.samples, test.seed, test.keeps),
                                   2));
  }
}

std::string share_text(double share) {
  return std::isnan(share) ? "not counted" : percent(share);
}

std::string words_of(const Scene& scene, Id node) {
  if (!scene.arrows || node >= scene.arrows->arrows.n) return {};
  return words(scene.arrows->arrows.positive(node), scene.arrows->vocabulary, 6);
}

void print_ranking(const study::HodgeView& view, const std::vector<Id>& ranking,
                   const std::string& title, const Scene& scene) {
  constexpr std::size_t most = 5;
  const std::size_t ends = std::min(most, ranking.size() / 2);
  if (ends == 0) return;
  fmt::print("\n  {} of the largest component ({} nodes)\n\n", title, grouped(ranking.size()));
  const auto row = [&](Id node) {
    fmt::print("  {:>10} {:>+9.3f}  {}\n", node_name(scene.graph, node), view.found.potential[node],
               padded(words_of(scene, node), 50));
  };
  for (std::size_t i = 0; i < ends; ++i) row(ranking[i]);
  fmt::print("  {:>10}\n", "…");
  for (std::size_t i = ranking.size() - ends; i < ranking.size(); ++i) row(ranking[i]);
}

void print_hodge(const study::HodgeView& view, const Scene& scene) {
  const auto& found = view.found;
  const bool ratios = view.cochain.kind == CochainKind::ratios;
  fmt::print("\n{}\n\n", heading("Hodge: how far is it a ranking?"));
  fmt::print(
      "  {} of {} edges: {}\n", ratios ? "half the log ratio of both weights" : "log|w|",
      grouped(view.cochain.size()),
      ratios
          ? fmt::format("{} arrows one way and {} pairs of two signs are left out",
                        grouped(view.cochain.one_way), grouped(view.cochain.opposite_signs))
          : fmt::format("its mean, {:.3f}, is a unit and does not count", view.cochain.constant));
  fmt::print("  {} nodes in {} components, {} triangles\n\n", grouped(found.nodes),
             grouped(found.parts), grouped(found.triangles));
  fmt::print("  {:>10} {:>8} {:>12}\n", "", "share", "by chance");
  const auto row = [](const char* part, double share, double chance, const char* meaning) {
    fmt::print("  {:>10} {:>8} {:>12}  {}\n", part, percent(share), share_text(chance), meaning);
  };
  row("gradient", found.share.gradient, found.chance.gradient,
      "differences of a potential: commutes round every cycle");
  row("curl", found.share.curl, found.chance.curl, "triangles that contradict it");
  row("harmonic", found.share.harmonic, found.chance.harmonic,
      "longer cycles that do: no triangle decides");
  for (const std::string& note : view.notes) print_wrapped(note);
  print_tests(view.tests);
  if (!ratios) {
    fmt::print("\n");
    print_wrapped(
        "Two SAEs of random directions beat permuted weights: their vectors are of different "
        "length, and an edge is there for being strong at either end. So \"commutes\" says that "
        "sizes split into one factor for each end, not that the model made them so.");
  }
  if (ratios)
    print_ranking(view, found.rankings[0], "Potential", scene);
  else
    for (std::size_t i = 0; i < 2; ++i)
      print_ranking(view, found.rankings[i],
                    i == 0 ? "How loud they write, in log|w|," : "How loud they read, in log|w|,",
                    scene);
}

std::string category_text(const Scene& scene, Id category, std::size_t most, std::size_t columns) {
  if (category < 0) return "whole graph";
  std::string text = fmt::format("#{}", category);
  if (scene.categories && category < static_cast<Id>(scene.categories->words.size())) {
    const auto& words = scene.categories->words[category];
    for (std::size_t i = 0; i < std::min(most, words.size()); ++i)
      text += (i == 0 ? " " : ", ") + words[i];
  }
  return padded(text, columns);
}

void print_triangles(const study::SheafView& view, const Scene& scene) {
  constexpr std::size_t most = 4;
  auto triangles = view.triangles;
  std::ranges::stable_sort(triangles, {}, &yoneda::SheafTriangle::holonomy);
  const std::size_t ends = std::min(most, triangles.size() / 2);
  if (ends == 0) return;
  fmt::print("\n  Triangles that come back nearest to where they were, and farthest\n\n");
  for (std::size_t i = 0; i < 2 * ends; ++i) {
    if (i == ends) fmt::print("  {:>8}\n", "…");
    const auto& t = triangles[i < ends ? i : triangles.size() - 2 * ends + i];
    fmt::print("  {:>8.3f}  {} {} {}\n", t.holonomy, category_text(scene, t.a, 2, 25),
               category_text(scene, t.b, 2, 25), category_text(scene, t.c, 2, 25));
  }
}

void print_sheaf(const study::SheafView& view, const Scene& scene) {
  fmt::print("\n{}\n\n", heading("Sheaf: do categories turn into each other consistently?"));
  const auto& spectrum = view.spectrum;
  std::vector<char> met(view.sheaf.categories, 0);
  for (const auto& e : view.sheaf.edges) met[e.a] = met[e.b] = 1;
  fmt::print("  {} categories as spaces of {} dimensions, {} maps, {} triangles\n",
             std::ranges::count(met, 1), view.sheaf.rank, view.sheaf.edges.size(),
             grouped(view.triangles.size()));
  fmt::print(
      "  left out: {} categories too small or flat, {} that no map joins; {} pairs of "
      "categories with fewer than {} features paired\n\n",
      view.data.too_small.size(), view.data.unjoined.size(), view.data.too_few,
      3 * view.sheaf.rank);
  fmt::print("  {:<34} {:>8}   {}\n", "", "sheaf", "by place in the stream alone");
  fmt::print("  {:<34} {:>8}   {}\n", "holonomy of triangles (chance: 1)",
             number_text(mean_holonomy(view.triangles)), number_text(view.ambient_holonomy));
  fmt::print("  {:<34} {:>8}   {}\n", "smallest eigenvalue", number_text(spectrum.smallest),
             number_text(view.ambient_smallest));
  fmt::print(
      "  global sections, dim H⁰: {} (eigenvalues up to {:g}), {} of them forced by "
      "components without a cycle\n",
      spectrum.sections, spectrum.tolerance, spectrum.of_trees);
  print_tests(view.tests);
  fmt::print("\n");
  print_wrapped(
      "Pairs are neighbours in the graph. Where the graph follows the decoder's own directions, "
      "maps between neighbours are near to the identity of the residual stream, and re-matched "
      "pairs do not repeat that: then compare with the column beside.");
  print_triangles(view, scene);
}

void print_magnitudes(const study::LawvereView& view, const Scene& scene) {
  std::vector<const study::CategoryMagnitude*> order;
  for (const auto& of : view.magnitudes)
    if (of.magnitude()) order.push_back(&of);
  const auto diversity = [](const study::CategoryMagnitude* of) {
    return *of->magnitude() / static_cast<double>(of->features);
  };
  std::ranges::stable_sort(order, std::greater<>(), diversity);
  constexpr std::size_t most = 5;
  fmt::print(
      "\n  Magnitude: how many points a category is worth, most diverse for its size first\n"
      "\n  {:>8} {:>9} {:>11}\n",
      "features", "magnitude", "per feature");
  const bool cut = order.size() > 2 * most;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (cut && i == most) fmt::print("  {:>8}\n", "…");
    if (cut && i >= most && i < order.size() - most) continue;
    fmt::print("  {:>8} {:>9.2f} {:>11.3f}  {}\n", order[i]->features, *order[i]->magnitude(),
               diversity(order[i]), category_text(scene, order[i]->category, 5, 46));
  }
  fmt::print("\n");
  print_wrapped(
      "A description without a null: small categories and those with few edges inside "
      "come out diverse.");
  for (const auto& of : view.magnitudes)
    if (!of.magnitude())
      fmt::print("  {}: none, {}\n", category_text(scene, of.category, 0, 12), of.refused);
}

void print_lawvere(const study::LawvereView& view, const Scene& scene) {
  const auto& defects = view.defects;
  fmt::print("\n{}\n\n", heading("Lawvere: do direct arrows keep up with paths?"));
  fmt::print("  {} paths of two arrows, {} with a direct arrow beside them", grouped(defects.paths),
             grouped(defects.direct));
  if (const auto share = defects.enriched_share())
    fmt::print("; {} of those are no stronger than it ({})",
               grouped(defects.direct - defects.broken), percent(*share));
  fmt::print("\n");
  if (view.tests.empty())
    print_wrapped(
        "Paths whose direct arrow was too weak to be kept are not among them, so this "
        "share says nothing by itself.");
  for (const std::string& note : view.notes) print_wrapped(note);
  print_tests(view.tests);
  if (!defects.worst.empty()) fmt::print("\n  Worst defects, in nats\n\n");
  for (std::size_t i = 0; i < std::min<std::size_t>(5, defects.worst.size()); ++i) {
    const auto& d = defects.worst[i];
    fmt::print("  {:>8.3f}  {} → {} → {}", d.size(), node_name(scene.graph, d.a),
               node_name(scene.graph, d.b), node_name(scene.graph, d.c));
    if (scene.arrows)
      fmt::print("  {} → {} → {}", safe_text(words_of(scene, d.a), 24),
                 safe_text(words_of(scene, d.b), 24), safe_text(words_of(scene, d.c), 24));
    fmt::print("\n");
  }
  print_magnitudes(view, scene);
}

/// The view, or where it was not asked for by name the reason why there is none.
template <class Make>
auto made_or_refused(const char* view, bool by_name, study::Views& views, const Make& make)
    -> std::optional<decltype(make())> {
  try {
    return make();
  } catch (const yoneda::Error& error) {
    const bool ours = error.kind == yoneda::ErrorKind::value ||
                      error.kind == yoneda::ErrorKind::shape ||
                      error.kind == yoneda::ErrorKind::numeric;
    if (by_name || !ours) throw;
    views.refused[view] = error.what();
    return std::nullopt;
  }
}

study::Views make_views(const ViewsOptions& options, const Scene& scene) {
  const auto progress = terminal_progress({.draws = options.step.samples});
  study::Views views;
  if (options.hodge || options.all())
    views.hodge = made_or_refused("hodge", options.hodge, views, [&] {
      return study::hodge_view(scene.viewed(), options.step, progress);
    });
  if (options.sheaf || options.all())
    views.sheaf = made_or_refused("sheaf", options.sheaf, views, [&] {
      return study::sheaf_view(scene.viewed(), options.step, progress);
    });
  if (options.lawvere || options.all())
    views.lawvere = made_or_refused("lawvere", options.lawvere, views, [&] {
      return study::lawvere_view(scene.viewed(), options.step, progress);
    });
  return views;
}

Json summary_json(const study::Views& views) {
  const auto maybe = [](const std::optional<double>& x) { return x ? Json(*x) : Json(nullptr); };
  Json json = Json::object();
  if (views.hodge)
    json["hodge"] = {{"edges", views.hodge->cochain.size()},
                     {"gradient", views.hodge->found.share.gradient},
                     {"curl", views.hodge->found.share.curl},
                     {"harmonic", views.hodge->found.share.harmonic},
                     {"gradient_by_chance", number_or_null(views.hodge->found.chance.gradient)},
                     {"curl_by_chance", number_or_null(views.hodge->found.chance.curl)},
                     {"tests", test_summaries(views.hodge->tests)}};
  if (views.sheaf)
    json["sheaf"] = {{"maps", views.sheaf->sheaf.edges.size()},
                     {"triangles", views.sheaf->triangles.size()},
                     {"holonomy", maybe(mean_holonomy(views.sheaf->triangles))},
                     {"ambient_holonomy", maybe(views.sheaf->ambient_holonomy)},
                     {"smallest", maybe(views.sheaf->spectrum.smallest)},
                     {"sections", views.sheaf->spectrum.sections},
                     {"tests", test_summaries(views.sheaf->tests)}};
  if (views.lawvere) {
    Json magnitudes = Json::array();
    for (const auto& of : views.lawvere->magnitudes)
      magnitudes.push_back({{"category", of.category < 0 ? Json(nullptr) : Json(of.category)},
                            {"features", of.features},
                            {"magnitude", maybe(of.magnitude())}});
    json["lawvere"] = {{"paths", views.lawvere->defects.paths},
                       {"with_direct_arrow", views.lawvere->defects.direct},
                       {"enriched_share", maybe(views.lawvere->defects.enriched_share())},
                       {"tests", test_summaries(views.lawvere->tests)},
                       {"magnitudes", magnitudes}};
  }
  json["refused"] = views.refused;
  return json;
}

void run(const ViewsOptions& options, const Session& session) {
  const auto study = study_named(options.input);
  const std::string output = options.output.empty() && study ? study->views() : options.output;
  const auto lock = lock_for(study, output);
  const Scene scene = open_scene(options);
  for (const std::string& note : scene.graph.notes) print_note(note);
  const study::Views views = make_views(options, scene);
  study::Record record = scene.graph.record;
  record.command = session.command;
  if (scene.sources) record.sources = scene.sources->recorded;
  if (!options.step.categories.empty())
    record.options["category"] = fmt::format("{}", fmt::join(options.step.categories, ","));
  record.options["samples"] = std::to_string(options.step.samples);
  record.options["seed"] = std::to_string(options.step.seed);
  record.options["rank"] = std::to_string(options.step.rank);
  if (!output.empty()) study::write_views(output, views, scene.viewed(), record);
  if (session.json) return print_json(summary_json(views));
  fmt::print("{} graph of {} nodes, {} edges\n", name(scene.graph.graph.kind()),
             grouped(scene.graph.graph.node_count()), grouped(scene.graph.graph.edge_count()));
  if (views.hodge) print_hodge(*views.hodge, scene);
  if (views.sheaf) print_sheaf(*views.sheaf, scene);
  if (views.lawvere) print_lawvere(*views.lawvere, scene);
  for (const auto& [view, reason] : views.refused) {
    fmt::print("\n{}\n", heading(fmt::format("No {} view", view)));
    print_wrapped(reason);
  }
  if (!output.empty()) fmt::print("\nwrote {}\n", output);
}

}  // namespace

void add_views(CLI::App& app, Session& session) {
  auto options = std::make_shared<ViewsOptions>();
  CLI::App* command = app.add_subcommand(
      "views", "The same graph as a ranking, a sheaf over its categories, a space of costs");
  command
      ->add_option("input", options->input,
                   "a study or a graph (.safetensors, .tsv, .mtx); an edge list is directed where "
                   "a comment at its top says `# directed`")
      ->required();
  command->add_flag("--hodge", options->hodge,
                    "how far a ranking of nodes explains directed weights: gradient, curl and "
                    "harmonic shares, potentials");
  command->add_flag("--sheaf", options->sheaf,
                    "do maps between the spaces of categories agree round triangles?");
  command->add_flag("--lawvere", options->lawvere,
                    "weights as costs: are direct arrows as strong as paths, how many points is "
                    "each category worth?");
  command
      ->add_option("--category", options->step.categories,
                   "only these categories, of the sheaf and the magnitudes")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(at_least(0));
  command->add_option("--rank", options->step.rank, "dimensions of a category's space")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--samples", options->step.samples, "null draws")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--seed", options->step.seed, "seed of everything random")
      ->check(at_least(0))
      ->capture_default_str();
  add_source_flags(*command, options->sources, false);
  command->add_option("-o,--output", options->output, "file to write (default: into the study)")
      ->type_name("PATH");
  add_json_flag(*command, session);
  set_examples(
      *command,
      {{"yoneda views yoneda-demo --samples 20", "all three, each as far as this graph allows it"},
       {"yoneda views yoneda-demo --sheaf --rank 3 --samples 20 -o views.json",
        "spaces of three dimensions: smaller categories take part"}},
      "yoneda-demo is the study that `yoneda demo` writes. A view that was not asked for "
      "by name is left out with the reason where a graph does not allow it.");
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
