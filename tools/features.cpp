// yoneda features: which features there are, what they do to tokens, and which act on a token.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "command.hpp"
#include "description.hpp"
#include "summary.hpp"
#include "terminal.hpp"
#include "yoneda/arrows/feature_list.hpp"
#include "yoneda/core/id_ranges.hpp"

namespace tool {
namespace {

using yoneda::FeatureStatistic;
using yoneda::Id;
using yoneda::Index;
using yoneda::LogitArrows;
using yoneda::TokenArrow;
using yoneda::Vocabulary;

struct FeaturesOptions {
  std::string input, features, token, sort = "kurtosis";
  Index most = 20;
  bool ascending = false;

  FeatureStatistic statistic() const { return *yoneda::feature_statistic_from(sort); }
};

struct FeaturesInput {
  study::ArrowsFile file;
  FeaturesOptions options;

  const LogitArrows& arrows() const { return file.arrows; }
  Index left_out() const {
    return static_cast<Index>(study::excluded_tokens(file.record, file.arrows.V).size());
  }
  const Vocabulary& words() const { return file.vocabulary; }
};

std::size_t shown(const FeaturesOptions& options, std::size_t there_are) {
  return std::min(static_cast<std::size_t>(options.most), there_are);
}

std::string short_number(double value) {
  return fmt::format("{:.3g}", value);
}

// What is said of a feature where it is one line among others.
std::string both_ends(const FeaturesInput& input, Id f, std::size_t width) {
  const std::size_t lowered = width * 2 / 5, raised = width - lowered - 1;
  return padded(words(input.arrows().positive(f), input.words(), 6), raised) + " " +
         safe_text(words(input.arrows().negative(f), input.words(), 6), lowered);
}

std::string both_headings(const FeaturesInput& input, std::size_t width) {
  return in_blue(padded(raises_heading(input.words()), width - width * 2 / 5)) +
         in_orange("lowers");
}

Json tokens_json(std::span<const Id> tokens, std::span<const float> logits,
                 const Vocabulary& vocabulary, std::size_t most) {
  Json list = Json::array();
  for (std::size_t i = 0; i < std::min(most, tokens.size()); ++i)
    list.push_back(
        {{"token", tokens[i]}, {"text", vocabulary.text(tokens[i])}, {"logit", logits[i]}});
  return list;
}

Json feature_json(const FeaturesInput& input, Id f, std::size_t most) {
  const LogitArrows& arrows = input.arrows();
  Json json{{"feature", f}};
  for (const FeatureStatistic statistic : yoneda::feature_statistics)
    if (statistic != FeatureStatistic::id)
      json[std::string(name(statistic))] = value_of(arrows, statistic, f);
  json["raised"] = tokens_json(arrows.positive(f), arrows.positive_values(f), input.words(), most);
  json["lowered"] = tokens_json(arrows.negative(f), arrows.negative_values(f), input.words(), most);
  return json;
}

// Statistics that every table shows; the one that it is sorted by joins them.
std::vector<FeatureStatistic> columns_for(FeatureStatistic sorted) {
  std::vector<FeatureStatistic> columns{FeatureStatistic::norm, FeatureStatistic::std,
                                        FeatureStatistic::skewness, FeatureStatistic::kurtosis};
  if (sorted != FeatureStatistic::id && std::ranges::find(columns, sorted) == columns.end())
    columns.push_back(sorted);
  return columns;
}

std::string order_text(const FeaturesOptions& options, std::size_t count, Index there_are) {
  const bool all = static_cast<Index>(count) == there_are;
  if (options.statistic() == FeatureStatistic::id)
    return all ? "in their order" : fmt::format("the first {}", count);
  const char* end = options.ascending ? "smallest" : "largest";
  return all ? fmt::format("{} {} first", end, options.sort)
             : fmt::format("the {} of {} {}", count, end, options.sort);
}

void print_table(const FeaturesInput& input, std::span<const Id> order) {
  const FeatureStatistic sorted = input.options.statistic();
  const auto columns = columns_for(sorted);
  const std::size_t width = line_width(109) - 47 - 9 * (columns.size() - 4);
  fmt::print("{} features over {} tokens, {}", grouped(input.arrows().n),
             grouped(input.arrows().V - input.left_out()),
             order_text(input.options, order.size(), input.arrows().n));
  fmt::print("\n\n  {:>7}", "feature");
  for (const FeatureStatistic column : columns) fmt::print(" {:>8}", name(column));
  fmt::print("  {}\n", both_headings(input, width));
  for (const Id f : order) {
    fmt::print("  {:>7}", fmt::format("#{}", f));
    for (const FeatureStatistic column : columns)
      fmt::print(" {:>8}", short_number(value_of(input.arrows(), column, f)));
    fmt::print("  {}\n", both_ends(input, f, width));
  }
}

void list_features(const FeaturesInput& input, bool json) {
  const FeaturesOptions& options = input.options;
  const FeatureStatistic sorted = options.statistic();
  const bool ascending = options.ascending || sorted == FeatureStatistic::id;
  std::vector<Id> order = features_by(input.arrows(), sorted, ascending);
  order.resize(shown(options, order.size()));
  if (!json) return print_table(input, order);
  Json list = Json::array();
  for (const Id f : order) list.push_back(feature_json(input, f, 10));
  print_json({{"features", input.arrows().n},
              {"tokens", input.arrows().V},
              {"excluded", input.left_out()},
              {"sort", options.sort},
              {"ascending", ascending},
              {"list", list}});
}

// Of one of two tokens side by side.
std::size_t token_width() {
  return (line_width(92) - 40) / 2;
}

// One token at either end of a feature, as wide on both sides.
std::string token_cell(const FeaturesInput& input, Id f, std::span<const Id> tokens,
                       std::span<const float> logits, std::size_t i) {
  const std::size_t width = token_width();
  return fmt::format("{} {:>9} {:>7.1f}",
                     padded(safe_token(input.words().text(tokens[i]), width), width),
                     short_number(static_cast<double>(logits[i])),
                     yoneda::standardised_logit(input.arrows(), f, logits[i]));
}

// Counts as heights on a logarithmic scale, so that a single token is seen beside thousands.
std::string bars(std::span<const Id> counts) {
  constexpr std::array<const char*, 9> heights{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const double most = std::log1p(static_cast<double>(std::ranges::max(counts)));
  std::string line;
  for (const Id count : counts) {
    const double height = std::log1p(static_cast<double>(count)) / most;
    line += heights[count == 0 ? 0 : static_cast<std::size_t>(std::ceil(8 * height))];
  }
  return line;
}

void print_histogram(const LogitArrows& arrows, Id f) {
  if (arrows.histogram.empty()) return;
  constexpr Index bins = yoneda::histogram_bins;
  const auto counts = std::span(arrows.histogram).subspan(f * (bins + 2), bins + 2);
  if (std::ranges::max(counts) == 0) return;
  const std::string beyond =
      counts.front() + counts.back() == 0
          ? ""
          : fmt::format("; {} tokens lie below, {} above", counts.front(), counts.back());
  fmt::print("\n  all logits, from {} to {} (heights logarithmic{})\n  │{}│\n",
             short_number(static_cast<double>(arrows.histogram_low[f])),
             short_number(static_cast<double>(arrows.histogram_high[f])), beyond,
             bars(counts.subspan(1, bins)));
}

void print_feature(const FeaturesInput& input, Id f) {
  const LogitArrows& arrows = input.arrows();
  std::string statistics;
  for (const FeatureStatistic statistic : yoneda::feature_statistics)
    if (statistic != FeatureStatistic::id && statistic != FeatureStatistic::range)
      statistics += fmt::format("{}{} {}", statistics.empty() ? "" : ", ", name(statistic),
                                short_number(value_of(arrows, statistic, f)));
  fmt::print("feature {}\n\n  {}\n", f, wrapped(statistics, 2));
  fmt::print(
      "\n  {}  {}\n",
      fmt::format("{} {:>9} {:>7}", in_blue(padded("raises", token_width())), "logit", "z"),
      fmt::format("{} {:>9} {:>7}", in_orange(padded("lowers", token_width())), "logit", "z"));
  for (std::size_t i = 0; i < shown(input.options, arrows.positive(f).size()); ++i)
    fmt::print("  {}  {}\n", token_cell(input, f, arrows.positive(f), arrows.positive_values(f), i),
               token_cell(input, f, arrows.negative(f), arrows.negative_values(f), i));
  print_histogram(arrows, f);
}

void show_features(const FeaturesInput& input, bool json) {
  const auto features = yoneda::ids_from(input.options.features, input.arrows().n, "feature");
  if (features.empty()) throw yoneda::Error(yoneda::ErrorKind::value, "--feature names no feature");
  Json list = Json::array();
  for (const Id f : features) {
    if (!json) {
      if (f != features.front()) fmt::print("\n");
      print_feature(input, f);
      continue;
    }
    Json one = feature_json(input, f, static_cast<std::size_t>(input.arrows().k));
    if (!input.arrows().histogram.empty()) {
      constexpr Index cells = yoneda::histogram_bins + 2;
      const auto counts = std::span(input.arrows().histogram).subspan(f * cells, cells);
      one["histogram"] = {{"low", input.arrows().histogram_low[f]},
                          {"high", input.arrows().histogram_high[f]},
                          {"counts", std::vector<Id>(counts.begin(), counts.end())}};
    }
    list.push_back(std::move(one));
  }
  if (json) print_json({{"list", list}});
}

// The tokens that --token means: a word, as everywhere, or a bare number that is no word.
std::vector<Id> named_tokens(const FeaturesInput& input) {
  const std::string& named = input.options.token;
  const Index V = input.arrows().V;
  auto tokens = tokens_of_word(input.words(), named, V);
  if (tokens.empty()) tokens = tokens_of_word(input.words(), "#" + named, V);
  if (tokens.empty())
    throw yoneda::Error(
        yoneda::ErrorKind::value,
        "no token is '" + safe_text(named, 60) + "' or has a space before it; " +
            (input.words().empty() ? "these arrows carry no vocabulary, so " : "otherwise ") +
            "name it by its id, like #17");
  return tokens;
}

Json token_arrows_json(std::span<const TokenArrow> list, std::size_t most) {
  Json json = Json::array();
  for (const TokenArrow& arrow : list.first(std::min(most, list.size())))
    json.push_back(
        {{"feature", arrow.feature}, {"rank", arrow.rank}, {"logit", arrow.logit}, {"z", arrow.z}});
  return json;
}

void print_token_arrows(const FeaturesInput& input, const char* heading,
                        std::span<const TokenArrow> list) {
  constexpr std::size_t width = 64;
  if (list.empty()) return;
  fmt::print("\n  {:<10} {:>8} {:>7} {:>5}  {}\n", heading, "logit", "z", "rank",
             both_headings(input, width));
  for (const TokenArrow& arrow : list.first(shown(input.options, list.size())))
    fmt::print("  {:>10} {:>8} {:>7.1f} {:>5}  {}\n", fmt::format("#{}", arrow.feature),
               short_number(arrow.logit), arrow.z, arrow.rank,
               both_ends(input, arrow.feature, width));
}

void show_tokens(const FeaturesInput& input, bool json) {
  const LogitArrows& arrows = input.arrows();
  const auto excluded = study::excluded_tokens(input.file.record, arrows.V);
  const auto tokens = named_tokens(input);
  Json list = Json::array();
  for (const Id token : tokens) {
    const auto found = arrows_of_token(arrows, token);
    const bool left_out = std::ranges::binary_search(excluded, token);
    if (json) {
      const auto most = static_cast<std::size_t>(input.options.most);
      list.push_back({{"token", token},
                      {"text", input.words().text(token)},
                      {"left_out", left_out},
                      {"raised_by", found.raised.size()},
                      {"lowered_by", found.lowered.size()},
                      {"raised", token_arrows_json(found.raised, most)},
                      {"lowered", token_arrows_json(found.lowered, most)}});
      continue;
    }
    if (token != tokens.front()) fmt::print("\n");
    fmt::print("'{}', token {}: {}\n", safe_token(input.words().text(token), 60), token,
               left_out ? "left out of these arrows as junk"
                        : fmt::format("raised by {} features, lowered by {}, among the {} tokens "
                                      "kept at each end",
                                      grouped(static_cast<Index>(found.raised.size())),
                                      grouped(static_cast<Index>(found.lowered.size())), arrows.k));
    print_token_arrows(input, "raised by", found.raised);
    print_token_arrows(input, "lowered by", found.lowered);
  }
  if (json) print_json({{"k", arrows.k}, {"list", list}});
}

void run(const FeaturesOptions& options, const Session& session) {
  const auto study = study_named(options.input);
  const FeaturesInput input{study::read_arrows(study ? study->arrows() : options.input), options};
  if (!options.features.empty()) return show_features(input, session.json);
  if (!options.token.empty()) return show_tokens(input, session.json);
  list_features(input, session.json);
}

}  // namespace

void add_features(CLI::App& app, Session& session) {
  auto options = std::make_shared<FeaturesOptions>();
  CLI::App* command = app.add_subcommand(
      "features", "Features by a statistic, one in detail, or those that act on a token");
  command->add_option("input", options->input, "a study, or a file written by yoneda arrows")
      ->required();
  std::vector<std::string> statistics;
  for (const FeatureStatistic statistic : yoneda::feature_statistics)
    statistics.emplace_back(name(statistic));
  command
      ->add_option("--sort", options->sort,
                   "what the table is sorted by, the largest first; peak and trough are how many "
                   "standard deviations max and min lie from the mean")
      ->check(CLI::IsMember(statistics))
      ->capture_default_str();
  command->add_flag("--ascending", options->ascending, "the smallest first");
  command->add_option("--most", options->most, "rows shown")
      ->check(at_least(1))
      ->capture_default_str();
  auto* features =
      command->add_option("--feature", options->features, "these in detail, like 3,17,100-110");
  command
      ->add_option("--token", options->token,
                   "features that raise or lower a token most: its text, or its id like #17")
      ->excludes(features);
  add_json_flag(*command, session);
  set_examples(
      *command,
      {{"yoneda features yoneda-demo --sort peak", "who has one token far above the rest?"},
       {"yoneda features yoneda-demo --feature 3,17", "two features in detail"},
       {"yoneda features yoneda-demo --token king", "who raises it, who lowers it?"}},
      "yoneda-demo is the study that `yoneda demo` writes.");
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
