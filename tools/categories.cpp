// yoneda categories: features grouped, named, and set against their opposites.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "command.hpp"
#include "description.hpp"
#include "memory.hpp"
#include "summary.hpp"
#include "terminal.hpp"
#include "yoneda/cluster/agreement.hpp"

namespace tool {
namespace {

struct CategoriesOptions {
  SourceFlags sources;
  study::CategoryStep step;
  std::string input, arrows, output;
  std::vector<std::string> compare;
  yoneda::Index show = -1;
};

// "rome, paris", as many as are asked for.
std::string some_words(const std::vector<std::string>& words, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, words.size()); ++i)
    text += (i == 0 ? "" : ", ") + safe_token(words[i], 20);
  return text;
}

// "#7 rome, paris", of four words where there are labels.
std::string called(yoneda::Index category, const std::vector<std::string>& words) {
  return fmt::format("#{} {}", category, some_words(words, 4));
}

// How far two groupings of the same features agree, and which category is most like which.
void compare(const std::string& path, const std::string& other_path, const Session& session) {
  const study::NamedPartition one = study::read_named_partition(path),
                              other = study::read_named_partition(other_path);
  const yoneda::Partition &a = one.partition, &b = other.partition;
  if (a.label.size() != b.label.size())
    throw yoneda::Error(
        yoneda::ErrorKind::shape,
        fmt::format("{} groups {} features, {} groups {}: they are not of one SAE", path,
                    grouped(static_cast<yoneda::Index>(a.label.size())), other_path,
                    grouped(static_cast<yoneda::Index>(b.label.size()))));
  const double ari = adjusted_rand_index(a, b), ami = adjusted_mutual_information(a, b),
               vi = variation_of_information(a, b);
  const auto matches = best_matches(a, b);
  const auto groups = members(a);
  if (session.json) {
    Json json{{"adjusted_rand_index", ari},
              {"adjusted_mutual_information", ami},
              {"variation_of_information", vi},
              {"categories", Json::array()}};
    for (std::size_t c = 0; c < matches.size(); ++c)
      json["categories"].push_back({{"id", c},
                                    {"size", groups[c].size()},
                                    {"most_like", matches[c].group},
                                    {"jaccard", matches[c].jaccard}});
    return print_json(json);
  }
  fmt::print(
      "{} and {} categories of {} features\n"
      "  adjusted Rand index {:.3f}, adjusted mutual information {:.3f}, variation of information "
      "{:.2f} nats\n\n  {:>5}  {} {} {}\n",
      a.count, b.count, grouped(static_cast<yoneda::Index>(a.label.size())), ari, ami, vi, "size",
      padded("category", 44), padded("most like", 44), "Jaccard");
  constexpr std::size_t most = 20;
  for (std::size_t c = 0; c < std::min(most, matches.size()); ++c)
    fmt::print(
        "  {:>5}  {} {} {:.2f}\n", groups[c].size(),
        padded(called(static_cast<yoneda::Index>(c), one.words[c]), 44),
        padded(
            matches[c].group < 0 ? "none" : called(matches[c].group, other.words[matches[c].group]),
            44),
        matches[c].jaccard);
  if (matches.size() > most) fmt::print("  … {} in all\n", matches.size());
}

// What a feature raises most: "#1041 king, queen".
std::string feature_words(yoneda::Id feature, const study::ArrowsFile* arrows) {
  if (!arrows || feature >= arrows->arrows.n) return fmt::format("#{}", feature);
  return fmt::format("#{} {}", feature,
                     words(arrows->arrows.positive(feature), arrows->vocabulary, 4));
}

Json other_json(const study::CategoryCard::Other& other) {
  return {{"category", other.category}, {"weight", other.weight}, {"raised", other.words}};
}

Json card_json(const study::CategoryCard& card) {
  Json json{{"id", card.id},
            {"features", card.features},
            {"raised", card.raised},
            {"lowered", card.lowered},
            {"exemplars", card.exemplars},
            {"cohesion", card.cohesion},
            {"opposite", card.opposite ? other_json(*card.opposite) : Json(nullptr)},
            {"neighbors", Json::array()}};
  for (const auto& near : card.neighbors) json["neighbors"].push_back(other_json(near));
  if (card.silhouette) json["silhouette"] = *card.silhouette;
  if (card.stability) json["stability"] = *card.stability;
  return json;
}

// One category: what it says, what stands for it, how firm it is, and what is near and far.
void show(const CategoriesOptions& options, const std::optional<study::Study>& study,
          const Session& session) {
  const study::CategoryCard card =
      study::read_category(study ? study->categories() : options.input, options.show);
  if (session.json) return print_json(card_json(card));
  std::string path = options.arrows;
  if (path.empty() && study && std::filesystem::exists(study->arrows())) path = study->arrows();
  std::optional<study::ArrowsFile> arrows;
  if (!path.empty()) arrows = study::read_arrows(path);
  fmt::print("category #{}, {} features\n", card.id, card.features.size());
  if (!card.raised.empty()) fmt::print("  raises     {}\n", some_words(card.raised, 8));
  if (!card.lowered.empty()) fmt::print("  lowers     {}\n", some_words(card.lowered, 8));
  for (std::size_t i = 0; i < card.exemplars.size(); ++i)
    fmt::print("  {:<10} {}\n", i == 0 ? "exemplars" : "",
               feature_words(card.exemplars[i], arrows ? &*arrows : nullptr));
  const auto line = [](const char* what, const study::CategoryCard::Other& other) {
    fmt::print("  {:<10} {:+.4f}  {}\n", what, other.weight, called(other.category, other.words));
  };
  if (card.opposite) line("opposite", *card.opposite);
  for (std::size_t i = 0; i < card.neighbors.size(); ++i)
    line(i == 0 ? "neighbours" : "", card.neighbors[i]);
  fmt::print("  cohesion   {:+.4f} mean weight between its features\n", card.cohesion);
  if (card.silhouette)
    fmt::print(
        "  silhouette {:+.3f} (decoder rows; 1: apart from all others, below 0: nearer to "
        "another category)\n",
        *card.silhouette);
  if (card.stability)
    fmt::print(
        "  stability  {:.2f} (Jaccard index with what comes back when features are drawn "
        "again)\n",
        *card.stability);
}

// The weights, where they are asked for or at hand: silhouettes need them, and labels know junk by
// them. Where they have changed a note says what that costs.
std::optional<study::Sources> weights(const CategoriesOptions& options,
                                      const study::Record& record) {
  if (options.sources.given() || options.step.method == "kmeans")
    return open_or_reopen(options.sources, record);
  try {
    return open_or_reopen(options.sources, record);
  } catch (const yoneda::Error& error) {
    if (error.kind == yoneda::ErrorKind::cancelled) throw;
    print_note(fmt::format("without silhouettes, and labels may hold junk: {}", error.what()));
    return std::nullopt;
  }
}

void run(const CategoriesOptions& options, const Session& session) {
  if (!options.compare.empty()) return compare(options.compare[0], options.compare[1], session);
  if (options.input.empty()) throw CLI::RequiredError("input");
  const auto study = study_named(options.input);
  if (options.show >= 0) return show(options, study, session);
  const std::string output = options.output.empty() && study ? study->categories() : options.output;
  if (output.empty())
    throw yoneda::Error(yoneda::ErrorKind::value, "-o is missing: which file to write?");
  const auto lock = lock_for(study, output);
  study::GraphFile graph = study::read_graph(study ? study->graph() : options.input);
  for (const std::string& note : graph.notes) print_note(note);
  const std::string arrows_path =
      options.arrows.empty() && study ? study->arrows() : options.arrows;
  std::optional<study::ArrowsFile> arrows;
  if (!arrows_path.empty()) arrows = study::read_arrows(arrows_path);
  const std::optional<study::Sources> sources = weights(options, graph.record);
  require_room_for_categories(graph.graph.node_count(), graph.graph.edge_count(), options.step,
                              memory_left());

  const study::Categories made =
      study::make_categories(graph, arrows ? &*arrows : nullptr, sources ? &*sources : nullptr,
                             options.step, terminal_progress());
  study::Record record = graph.record;
  record.command = session.command;
  note_options(record, options.step, made.partition.count);
  const yoneda::Vocabulary none;
  study::write_categories(output, made, arrows ? arrows->vocabulary : none, record);
  for (const std::string& note : made.notes) print_note(note);
  if (session.json) {
    print_json(categories_json(made, arrows ? arrows->vocabulary : none));
  } else {
    print_categories(made, arrows ? arrows->vocabulary : none, 20);
    fmt::print("wrote {}\n", output);
  }
}

}  // namespace

void add_categories(CLI::App& app, Session& session) {
  auto options = std::make_shared<CategoriesOptions>();
  CLI::App* command =
      app.add_subcommand("categories", "Features grouped, named, and set against their opposites");
  auto* input = command->add_option("input", options->input,
                                    "a study or a graph; for --show also a categories.json");
  auto* compared =
      command
          ->add_option("--compare", options->compare,
                       "instead: how far two files of categories agree, and which category is most "
                       "like which")
          ->expected(2);
  auto* shown = command
                    ->add_option("--show", options->show,
                                 "instead: one category of those that were found: words, exemplary "
                                 "features, opposite, neighbours, how firm it is")
                    ->check(at_least(0));
  auto* arrows = command->add_option("--arrows", options->arrows,
                                     "arrows to take words from (default: the study's)");
  add_category_flags(*command, options->step);
  add_source_flags(*command, options->sources, false);
  command->add_option("-o,--output", options->output, "file to write (default: into the study)")
      ->type_name("PATH");
  add_json_flag(*command, session);
  // Both only read, so that whatever says how to group would be passed over in silence.
  const auto* json = command->get_option("--json");
  for (CLI::Option* option : command->get_options()) {
    if (option == json || option == command->get_help_ptr()) continue;
    if (option != compared) compared->excludes(option);
    if (option != shown && option != input && option != arrows && option != compared)
      shown->excludes(option);
  }
  set_examples(*command,
               {{"yoneda categories yoneda-demo --count auto", "as many as the spectrum says"},
                {"yoneda categories yoneda-demo --method leiden -o leiden.json",
                 "another method, beside the study"},
                {"yoneda categories yoneda-demo --show 0", "one category in detail"},
                {"yoneda categories --compare yoneda-demo/categories.json leiden.json",
                 "how far two groupings agree"}},
               "yoneda-demo is the study that `yoneda demo` writes.");
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
