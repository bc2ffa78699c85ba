// yoneda plot: figures of a study, drawn by gnuplot.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "command.hpp"
#include "description.hpp"
#include "terminal.hpp"
#include "yoneda/arrows/feature_list.hpp"
#include "yoneda/core/id_ranges.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/report/figures.hpp"

namespace tool {
namespace {

namespace report = yoneda::report;
using yoneda::Error;
using yoneda::ErrorKind;
using yoneda::Id;
using yoneda::Index;

constexpr std::array<std::string_view, 5> figures{"logits", "moments", "quotient", "nulls", "map"};
constexpr std::array<std::string_view, 3> point_colors{"auto", "norm", "category"};

struct PlotOptions {
  std::string input, what, output, features, color = "auto", categories;
  Index most = 60;
  bool script = false;
};

// The features that --feature names, else those whose logits have the heaviest tails.
std::vector<Id> chosen_features(const PlotOptions& options, const yoneda::LogitArrows& arrows) {
  constexpr std::size_t usual = 6;
  if (!options.features.empty()) return yoneda::ids_from(options.features, arrows.n, "feature");
  auto features = features_by(arrows, yoneda::FeatureStatistic::kurtosis);
  if (features.size() > usual) features.resize(usual);
  return features;
}

// What --categories names, else those of the study where it has some.
std::optional<study::NamedPartition> named_categories(const PlotOptions& options,
                                                      const std::optional<study::Study>& study) {
  if (!options.categories.empty()) return study::read_named_partition(options.categories);
  if (study && std::filesystem::exists(study->categories()))
    return study::read_named_partition(study->categories());
  return std::nullopt;
}

report::PointColor point_color(const PlotOptions& options, const yoneda::LogitArrows& arrows,
                               bool categories) {
  if (options.color == "norm") return report::PointColor::norm;
  if (options.color == "category") return report::PointColor::category;
  const auto [least, most] = std::ranges::minmax(arrows.decoder_norm);
  const bool varies = most > 1.01f * least;  // trained decoders often have rows of norm 1
  return varies || !categories ? report::PointColor::norm : report::PointColor::category;
}

report::Figure figure(const PlotOptions& options) {
  const auto study = study_named(options.input);
  const auto file = [&](const std::string& of_study) { return study ? of_study : options.input; };
  if (options.what == "quotient")
    return report::quotient_figure(
        report::read_category_graph(file(study ? study->categories() : "")), options.most);
  if (options.what == "nulls")
    return report::null_figure(report::read_null_tests(file(study ? study->check() : "")));
  const auto categories = named_categories(options, study);
  if (options.what == "map") {
    const auto graph = study::read_graph(file(study ? study->graph() : ""));
    return report::map_figure(graph.graph, categories ? &*categories : nullptr,
                              terminal_progress());
  }
  const auto arrows = study::read_arrows(file(study ? study->arrows() : ""));
  if (options.what == "logits")
    return report::logit_figure(arrows, chosen_features(options, arrows.arrows));
  return report::moment_figure(arrows, categories ? &*categories : nullptr,
                               point_color(options, arrows.arrows, categories.has_value()));
}

void run(const PlotOptions& options) {
  const auto kind = options.output.empty() && options.script ? report::PictureKind::svg
                                                             : report::picture_kind(options.output);
  if (!kind)
    throw Error(ErrorKind::value, "-o ends in .svg, .pdf or .png, which says what is drawn",
                options.output);
  const report::Figure drawn = figure(options);
  if (options.script) {
    fmt::print("{}", report::gnuplot_script(drawn, *kind, options.output));
    return;
  }
  yoneda::io::write_text(options.output, report::picture(drawn, *kind));
}

}  // namespace

void add_plot(CLI::App& app, Session&) {
  auto options = std::make_shared<PlotOptions>();
  CLI::App* command = app.add_subcommand("plot", "Figures of a study, drawn by gnuplot");
  command->add_option("input", options->input, "a study, or the one file that the figure needs")
      ->required()
      ->type_name("PATH");
  command
      ->add_option("--what", options->what,
                   "logits of features; moments: skewness against kurtosis of all; quotient: "
                   "categories and the arrows between them; nulls: every test beside its null; "
                   "map: all features, by their graph")
      ->required()
      ->check(one_of(figures));
  command
      ->add_option("-o,--output", options->output,
                   "where it goes; .svg, .pdf or .png says what it is")
      ->type_name("PATH");
  command->add_option("--feature", options->features,
                      "of logits: these features, like 3,17,100-110 (default: the six of largest "
                      "kurtosis)");
  command
      ->add_option("--color", options->color,
                   "of moments: norm of decoder rows, or category (auto: norm where it varies)")
      ->check(one_of(point_colors))
      ->capture_default_str();
  command->add_option("--categories", options->categories,
                      "of moments and map: a categories.json other than the study's");
  command->add_option("--most", options->most, "of quotient: categories shown, the largest first")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_flag("--script", options->script,
                    "print the script for gnuplot instead of running it");
  set_examples(*command,
               {{"yoneda plot yoneda-demo --what map -o map.svg", ""},
                {"yoneda plot yoneda-demo --what logits --feature 3,17 -o logits.pdf", ""},
                {"yoneda plot yoneda-demo --what nulls --script", "to change what it looks like"}},
               "Needs gnuplot (Debian: gnuplot-nox).");
  command->callback([options] { run(*options); });
}

}  // namespace tool
