#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "text.hpp"
#include "yoneda/arrows/extremes.hpp"
#include "yoneda/report/figures.hpp"

namespace yoneda::report {
namespace {

constexpr int panel_width = 450, panel_height = 260;

/// The bars of one feature: middle, count, and which end's kept arrows a bar is among (1 raised, -1
/// lowered, 0 neither).
std::string bars(const LogitArrows& arrows, Id f) {
  constexpr Index bins = histogram_bins;
  const auto counts = std::span(arrows.histogram).subspan(f * (bins + 2), bins + 2);
  const auto low = static_cast<double>(arrows.histogram_low[f]);
  const double width = (static_cast<double>(arrows.histogram_high[f]) - low) / bins;
  const auto raised = static_cast<double>(arrows.positive_values(f).back());
  const auto lowered = static_cast<double>(arrows.negative_values(f).back());
  std::string rows;
  for (Index b = 0; b < bins + 2; ++b) {
    if (counts[b] == 0) continue;
    const double middle = low + (static_cast<double>(b) - 0.5) * width;
    const int end = middle + width / 2 > raised ? 1 : middle - width / 2 < lowered ? -1 : 0;
    rows += fmt::format("{} {} {} {}\n", middle, counts[b], width, end);
  }
  return rows;
}

std::string panel(const study::ArrowsFile& file, Id f) {
  const LogitArrows& arrows = file.arrows;
  const std::string name = fmt::format("$feature_{}", f);
  const auto words = [&](std::span<const Id> tokens) {
    return gnuplot_text(listed(texts_of(tokens, file.vocabulary, 8), 25));
  };
  const std::string bar =
      name + " using 1:($4=={}?$2:NaN):3 with boxes fs solid noborder lc rgb {}";
  std::string text = name + " << END\n" + bars(arrows, f) + "END\n";
  text += fmt::format(
      "set title {}\n"
      "set label 1 {} at graph 0.98,0.93 right textcolor rgb blue\n"
      "set label 2 {} at graph 0.02,0.93 left textcolor rgb orange\n",
      gnuplot_text(fmt::format("#{}   skewness {:.2f}   kurtosis {:.1f}", f, arrows.skewness[f],
                               arrows.kurtosis[f])),
      words(arrows.positive(f)), words(arrows.negative(f)));
  text += "plot " + fmt::format(fmt::runtime(bar), 0, "pale") + ", \\\n  " +
          fmt::format(fmt::runtime(bar), 1, "blue") + ", \\\n  " +
          fmt::format(fmt::runtime(bar), -1, "orange") + "\n";
  return text;
}

}  // namespace

Figure logit_figure(const study::ArrowsFile& file, std::span<const Id> features) {
  constexpr std::size_t most = 24;
  const LogitArrows& arrows = file.arrows;
  if (arrows.histogram.empty())
    throw Error(ErrorKind::value, "these arrows were made without histograms; make them again");
  if (features.empty() || features.size() > most)
    throw Error(ErrorKind::value, "a figure of " + std::to_string(features.size()) +
                                      " features; it shows 1 to " + std::to_string(most));
  for (const Id f : features)
    if (f < 0 || f >= arrows.n)
      throw Error(ErrorKind::value, "there is no feature " + std::to_string(f) +
                                        ": they go from 0 to " + std::to_string(arrows.n - 1));
  const int columns = features.size() == 1 ? 1 : features.size() > 8 ? 3 : 2;
  const int rows = (static_cast<int>(features.size()) + columns - 1) / columns;
  Figure figure;
  figure.width = columns == 1 ? 640 : columns * panel_width;
  figure.height = columns == 1 ? 380 : rows * panel_height;
  figure.commands = fmt::format(
      "unset key\n"
      "set logscale y\n"
      "set format y '%.0f'\n"
      "set yrange [0.5:{}]\n"
      "set xlabel 'logit (coloured: the {} tokens kept at either end)' textcolor rgb ink\n"
      "set ylabel 'tokens' textcolor rgb ink\n"
      "set multiplot layout {},{}\n",
      20 * *std::ranges::max_element(arrows.histogram), arrows.k, rows, columns);
  for (const Id f : features) figure.commands += panel(file, f);
  figure.commands += "unset multiplot\n";
  return figure;
}

}  // namespace yoneda::report
