// yoneda categories: features grouped, named, and set against their opposites.
#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "summary.hpp"
#include "terminal.hpp"
#include "yoneda/cluster/agreement.hpp"

namespace tool {
namespace {

struct Options {
  SourceFlags sources;
  study::CategoryStep step;
  std::string input, arrows, output;
  std::vector<std::string> compare;
};

// "#7 rome, paris", of two words where there are labels.
std::string called(const study::NamedPartition& named, yoneda::Id category) {
  std::string text = fmt::format("#{}", category);
  const auto& words = named.words[category];
  for (std::size_t i = 0; i < std::min<std::size_t>(4, words.size()); ++i)
    text += (i == 0 ? " " : ", ") + safe_token(words[i], 20);
  return text;
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
    fmt::print("  {:>5}  {} {} {:.2f}\n", groups[c].size(),
               padded(called(one, static_cast<yoneda::Id>(c)), 44),
               padded(matches[c].group < 0 ? "none" : called(other, matches[c].group), 44),
               matches[c].jaccard);
  if (matches.size() > most) fmt::print("  … {} in all\n", matches.size());
}

void run(const Options& options, const Session& session) {
  if (!options.compare.empty()) return compare(options.compare[0], options.compare[1], session);
  if (options.input.empty()) throw CLI::RequiredError("input");
  const auto study = study::study_at(options.input);
  const std::string output = options.output.empty() && study ? study->categories() : options.output;
  if (output.empty())
    throw yoneda::Error(yoneda::ErrorKind::value, "-o is missing: which file to write?");
  study::GraphFile graph = study::read_graph(study ? study->graph() : options.input);
  const std::string arrows_path =
      options.arrows.empty() && study ? study->arrows() : options.arrows;
  std::optional<study::ArrowsFile> arrows;
  if (!arrows_path.empty()) arrows = study::read_arrows(arrows_path);
  std::optional<study::Sources> sources;
  if (options.step.method == "kmeans") sources = open_or_reopen(options.sources, graph.record);

  const study::Categories made =
      study::make_categories(graph, arrows ? &*arrows : nullptr, sources ? &*sources : nullptr,
                             options.step, terminal_progress());
  study::Record record = graph.record;
  record.command = session.command;
  record.options["method"] = options.step.method;
  if (options.step.method == "leiden") {
    record.options["objective"] = options.step.objective;
    record.options["resolution"] = fmt::format(
        "{}", options.step.resolution.value_or(options.step.objective == "potts" ? 0 : 1));
  }
  record.options["count"] = std::to_string(made.partition.count);
  record.options["seed"] = std::to_string(options.step.seed);
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
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("categories", "Features grouped, named, and set against their opposites");
  auto* input = command->add_option("input", options->input, "a study or a graph");
  command
      ->add_option("--compare", options->compare,
                   "instead: how far two files of categories agree, and which category is most "
                   "like which")
      ->expected(2)
      ->excludes(input);
  command->add_option("--arrows", options->arrows,
                      "arrows to take labels from (default: the study's)");
  add_category_flags(*command, options->step);
  add_source_flags(*command, options->sources, false);
  command->add_option("-o,--output", options->output, "file to write (default: into the study)");
  add_json_flag(*command, session);
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
