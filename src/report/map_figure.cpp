#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "labels.hpp"
#include "text.hpp"
#include "yoneda/graph/layout.hpp"
#include "yoneda/report/figures.hpp"

namespace yoneda::report {
namespace {

constexpr double side = 1000, margin = 30, label_size = 12;
constexpr std::array<const char*, 7> map_colors{"blue",   "orange", "green",    "purple",
                                                "yellow", "sky",    "'#7a5195'"};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// For every category in turn the colour whose nearest category so far is furthest away.
std::vector<std::size_t> far_colors(std::span<const Place> centers) {
  std::vector<std::size_t> chosen;
  for (std::size_t c = 0; c < centers.size(); ++c) {
    std::array<double, map_colors.size()> nearest;
    nearest.fill(std::numeric_limits<double>::infinity());
    for (std::size_t b = 0; b < c; ++b)
      nearest[chosen[b]] = std::min(
          nearest[chosen[b]], std::hypot(centers[b].x - centers[c].x, centers[b].y - centers[c].y));
    chosen.push_back(static_cast<std::size_t>(std::ranges::max_element(nearest) - nearest.begin()));
  }
  return chosen;
}

}  // namespace

Figure map_figure(const SignedGraph& graph, const study::NamedPartition* categories,
                  const Progress& progress) {
  if (graph.node_count() == 0) throw Error(ErrorKind::value, "a map of no features");
  LayoutOptions options;
  if (categories) options.categories = categories->partition;
  const auto map = layout(graph, options, progress);
  std::vector<Place> places;
  for (const Point& p : map)
    places.push_back({side / 2 + (side / 2 - margin) * static_cast<double>(p.x),
                      side / 2 + (side / 2 - margin) * static_cast<double>(p.y)});
  const auto groups = categories ? members(categories->partition) : std::vector<std::vector<Id>>();
  std::vector<Place> centers;
  for (const auto& group : groups) {
    std::vector<double> x, y;
    for (const Id f : group) x.push_back(places[f].x), y.push_back(places[f].y);
    centers.push_back(group.empty() ? Place{0, 0} : Place{median(x), median(y)});
  }
  const auto color = far_colors(centers);

  Figure figure{"$features << END\n", static_cast<int>(side), static_cast<int>(side)};
  for (std::size_t f = 0; f < places.size(); ++f) {
    const Id category = categories ? categories->partition.label[f] : -1;
    figure.commands += fmt::format("{} {:.2f} {:.2f} {}\n", f, places[f].x, places[f].y,
                                   category < 0 ? -1 : static_cast<int>(color[category]));
  }
  figure.commands += fmt::format(
      "END\nunset key\nunset border\nunset tics\nunset grid\n"
      "set lmargin at screen 0\nset rmargin at screen 1\nset bmargin at screen 0\n"
      "set tmargin at screen 1\nset xrange [0:{0}]\nset yrange [0:{0}]\n",
      side);
  std::vector<Wish> wishes;
  for (std::size_t c = 0; c < groups.size(); ++c)
    if (!groups[c].empty() && !categories->words[c].empty())
      wishes.push_back({centers[c],
                        -text_width(listed(categories->words[c], 20), label_size) / 2 - 4,
                        listed(categories->words[c], 20)});
  const auto named = label_places(wishes, label_size, {4, 4, side - 4, side - 4});
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    if (!named[i]) continue;
    const auto write = [&](double right, double up, const char* with) {
      figure.commands +=
          fmt::format("set label {} at {:.2f},{:.2f} center front textcolor rgb {}\n",
                      gnuplot_text(wishes[i].text), named[i]->x + right, named[i]->y + up, with);
    };
    for (const double shift : {-1.2, 1.2}) {  // a white rim, so that points do not hide the letters
      write(shift, shift, "'white'");
      write(shift, -shift, "'white'");
    }
    write(0, 0, "ink");
  }
  // The more points, the smaller.
  const double size = std::clamp(25 / std::sqrt(static_cast<double>(places.size())), 0.12, 0.7);
  figure.commands += fmt::format(
      "plot $features using 2:($4<0?$3:NaN) with points pt 7 ps {0:.3f} lc rgb pale", size);
  for (std::size_t c = 0; c < map_colors.size(); ++c)
    figure.commands += fmt::format(
        ", \\\n  $features using 2:($4=={}?$3:NaN) with points pt 7 ps {:.3f} lc rgb {}", c, size,
        map_colors[c]);
  figure.commands += "\n";
  return figure;
}

}  // namespace yoneda::report
