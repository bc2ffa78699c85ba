#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "labels.hpp"
#include "text.hpp"
#include "yoneda/report/figures.hpp"

namespace yoneda::report {
namespace {

constexpr std::array<const char*, 6> moment_colors{"blue",   "orange", "green",
                                                   "purple", "yellow", "sky"};

/// Skewness to the right, the logarithm of kurtosis upwards, in pixels of the picture.
struct Frame {
  int width = 940, height = 660;
  Box box{70, 56, 0, 0};  // of the axes, in pixels
  double left, right, low, high;

  Place pixel(double skewness, double kurtosis) const {
    const double x = (skewness - left) / (right - left);
    const double y = std::log(kurtosis / low) / std::log(high / low);
    return {box.left + x * (box.right - box.left), box.low + y * (box.high - box.low)};
  }
};

Frame frame_of(const LogitArrows& arrows, bool color_bar) {
  Frame frame;
  frame.box.right = frame.width - (color_bar ? 96 : 270);
  frame.box.high = frame.height - 20;
  const auto [left, right] = std::ranges::minmax(arrows.skewness);
  const auto [low, high] = std::ranges::minmax(arrows.kurtosis);
  const double air = 0.06 * static_cast<double>(right - left) + 0.1;
  frame.left = static_cast<double>(left) - air;
  frame.right = static_cast<double>(right) + air;
  frame.low = std::max(0.5, 0.9 * static_cast<double>(low));
  frame.high = std::max(4.0, 1.25 * static_cast<double>(high));
  return frame;
}

/// Features far from a normal law in either direction, the furthest first.
std::vector<Id> extremes(const LogitArrows& arrows, const Frame& frame, std::size_t most) {
  std::vector<std::pair<double, Id>> order;
  for (Id f = 0; f < arrows.n; ++f) {
    const auto skewness = static_cast<double>(arrows.skewness[f]);
    const auto kurtosis = static_cast<double>(arrows.kurtosis[f]);
    const Place at = frame.pixel(skewness, kurtosis), normal = frame.pixel(0, 3);
    order.emplace_back(-std::hypot(at.x - normal.x, at.y - normal.y), f);
  }
  std::ranges::sort(order);
  std::vector<Id> features;
  for (const auto& [distance, f] : order)
    if (features.size() < most) features.push_back(f);
  return features;
}

/// The token that a feature moves most, as "+ deer" or "− deer".
std::string moved_most(const study::ArrowsFile& file, Id f) {
  const bool raises = file.arrows.skewness[f] >= 0;
  const Id token = (raises ? file.arrows.positive(f) : file.arrows.negative(f)).front();
  return (raises ? "+ " : "− ") + safe_token(file.vocabulary.text(token), 18);
}

std::string labels(const study::ArrowsFile& file, const Frame& frame) {
  constexpr double size = 12;
  constexpr std::size_t most = 40;
  const LogitArrows& arrows = file.arrows;
  std::vector<Wish> wishes;
  for (const Id f : extremes(arrows, frame, most))
    wishes.push_back({frame.pixel(static_cast<double>(arrows.skewness[f]),
                                  static_cast<double>(arrows.kurtosis[f])),
                      3, moved_most(file, f)});
  std::vector<Box> points;
  for (Id f = 0; f < arrows.n; ++f) {
    const Place at = frame.pixel(static_cast<double>(arrows.skewness[f]),
                                 static_cast<double>(arrows.kurtosis[f]));
    points.push_back({at.x - 2, at.y - 2, at.x + 2, at.y + 2});
  }
  const auto places = label_places(wishes, size, frame.box, points);
  std::string text;
  for (std::size_t i = 0; i < wishes.size(); ++i)
    if (places[i])
      text += fmt::format(
          "set label {} at screen {:.5f},{:.5f} center front noenhanced textcolor rgb ink\n",
          gnuplot_text(wishes[i].text), places[i]->x / frame.width, places[i]->y / frame.height);
  return text;
}

std::string points(const LogitArrows& arrows, const study::NamedPartition* categories) {
  std::string rows = "$features << END\n";
  for (Id f = 0; f < arrows.n; ++f)
    rows += fmt::format("{} {} {} {} {}\n", f, arrows.skewness[f], arrows.kurtosis[f],
                        arrows.decoder_norm[f], categories ? categories->partition.label[f] : -1);
  return rows + "END\n";
}

}  // namespace

Figure moment_figure(const study::ArrowsFile& file, const study::NamedPartition* categories,
                     PointColor color) {
  const LogitArrows& arrows = file.arrows;
  if (arrows.n == 0) throw Error(ErrorKind::value, "a figure of no features");
  if (categories && static_cast<Index>(categories->partition.label.size()) != arrows.n)
    throw Error(ErrorKind::value, "categories of " +
                                      std::to_string(categories->partition.label.size()) +
                                      " features, arrows of " + std::to_string(arrows.n));
  if (color == PointColor::category && !categories)
    throw Error(ErrorKind::value, "no categories to colour by: name a study that has them");
  const bool by_norm = color == PointColor::norm;
  const Frame frame = frame_of(arrows, by_norm);
  Figure figure{points(arrows, categories), frame.width, frame.height};
  figure.commands += fmt::format(
      "set lmargin at screen {:.5f}\nset rmargin at screen {:.5f}\n"
      "set bmargin at screen {:.5f}\nset tmargin at screen {:.5f}\n"
      "set xrange [{}:{}]\nset yrange [{}:{}]\nset logscale y\n"
      "set xlabel 'skewness of a feature''s logits' textcolor rgb ink\n"
      "set ylabel 'kurtosis' textcolor rgb ink\n"
      "set ytics (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200, 500, 1000, 2000, 5000, "
      "10000)\n",
      frame.box.left / frame.width, frame.box.right / frame.width, frame.box.low / frame.height,
      frame.box.high / frame.height, frame.left, frame.right, frame.low, frame.high);
  figure.commands += labels(file, frame);
  figure.commands +=
      "set samples 400\nset arrow from 0,graph 0 to 0,graph 1 nohead back lc rgb pale lw 0.6\n";
  std::string plot =
      "plot x**2+1 with lines lc rgb pale lw 1.2 title 'no law lies below', \\\n"
      "  3 with lines lc rgb pale lw 0.6 dt 2 title 'kurtosis of a normal law'";
  const std::string dots =
      ", \\\n  $features using 2:($5=={}?$3:NaN) with points pt 7 ps 0.5 lc rgb {} title {}";
  if (by_norm) {
    figure.commands += "set key right bottom\n";
    figure.commands +=
        "set cblabel 'norm of the decoder row' textcolor rgb ink\nset colorbox noborder\n";
    plot += ", \\\n  $features using 2:3:4 with points pt 7 ps 0.5 lc palette notitle";
  } else {
    figure.commands +=
        fmt::format("set key at screen {:.5f},{:.5f} left top Left reverse\n",
                    (frame.box.right + 8) / frame.width, frame.box.high / frame.height);
    const auto shown = std::min<Index>(moment_colors.size(), categories->partition.count);
    plot += fmt::format(
        ", \\\n  $features using 2:($5<0||$5>={}?$3:NaN) with points pt 7 ps 0.4 lc rgb pale "
        "title 'other categories'",
        shown);
    for (Index c = 0; c < shown; ++c)
      plot += fmt::format(fmt::runtime(dots), c, moment_colors[c],
                          gnuplot_text(fmt::format("#{} {}", c, listed(categories->words[c], 25))));
  }
  figure.commands += plot + "\n";
  return figure;
}

}  // namespace yoneda::report
