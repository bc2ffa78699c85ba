#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "../study/json.hpp"
#include "labels.hpp"
#include "text.hpp"
#include "yoneda/graph/layout.hpp"
#include "yoneda/report/figures.hpp"

namespace yoneda::report {
namespace {

using study::Json;

constexpr double figure_side = 900, figure_margin = 70, name_size = 12.5;

/// The three strongest positive arrows of every category and its strongest negative one: what one
/// can follow with the eye. Each once, the strongest last, so that it lies on top.
std::vector<Edge> shown_arrows(const SignedGraph& graph) {
  std::set<std::pair<Id, Id>> kept;
  for (Id c = 0; c < graph.node_count(); ++c) {
    std::vector<Edge> all;
    for (Index e = 0; e < graph.degree(c); ++e)
      all.push_back({c, graph.neighbors(c)[e], graph.weights(c)[e]});
    std::ranges::stable_sort(all, std::greater{}, &Edge::weight);
    const auto keep = [&](const Edge& e) {
      kept.insert({std::min(e.source, e.target), std::max(e.source, e.target)});
    };
    for (std::size_t i = 0; i < std::min<std::size_t>(3, all.size()) && all[i].weight > 0; ++i)
      keep(all[i]);
    if (!all.empty() && all.back().weight < 0) keep(all.back());
  }
  std::vector<Edge> arrows;
  for (const auto& [a, b] : kept) arrows.push_back({a, b, graph.weight(a, b)});
  std::ranges::stable_sort(arrows, {}, [](const Edge& e) { return std::abs(e.weight); });
  return arrows;
}

/// Discs that overlap, or leave no room for a name between them, push each other away.
void part(std::vector<Place>& places, std::span<const double> radius) {
  for (int round = 0; round < 200; ++round)
    for (std::size_t a = 0; a < places.size(); ++a)
      for (std::size_t b = a + 1; b < places.size(); ++b) {
        double dx = places[b].x - places[a].x, dy = places[b].y - places[a].y;
        const double distance = std::max(std::sqrt(dx * dx + dy * dy), 1e-9);
        const double wanted = radius[a] + radius[b] + 2.5 * name_size;
        if (distance >= wanted) continue;
        const double push = 0.25 * (wanted - distance) / distance;
        dx *= push, dy *= push;
        places[a] = {places[a].x - dx, places[a].y - dy};
        places[b] = {places[b].x + dx, places[b].y + dy};
        for (Place* p : {&places[a], &places[b]})
          *p = {std::clamp(p->x, figure_margin, figure_side - figure_margin),
                std::clamp(p->y, figure_margin, figure_side - figure_margin)};
      }
}

}  // namespace

CategoryGraph read_category_graph(const std::string& path) {
  const Json json = study::read_json(path);
  study::record_from(json, "yoneda-categories/1", path);
  CategoryGraph found;
  found.words = study::read_named_partition(path).words;
  return study::reading(path, [&] {
    for (const Json& category : json.at("categories"))
      found.size.push_back(study::whole_number<Index>(category.at("size")));
    std::vector<Edge> edges;
    for (const Json& arrow : json.at("quotient").at("arrows")) {
      const auto weight = arrow.at("weight").get<float>();
      if (weight != 0)
        edges.push_back({study::whole_number<Id>(arrow.at("source")),
                         study::whole_number<Id>(arrow.at("target")), weight});
    }
    const bool directed = json.at("quotient").at("directed").get<bool>();
    found.arrows = SignedGraph::from_edges(static_cast<Index>(found.size.size()), std::move(edges),
                                           directed ? Direction::directed : Direction::undirected,
                                           GraphKind::user);
    return found;
  });
}

Figure quotient_figure(const CategoryGraph& categories, Index most) {
  const Index count = std::min(most, static_cast<Index>(categories.size.size()));
  if (count == 0) throw Error(ErrorKind::value, "there is no category to draw");
  std::vector<Edge> among;
  for (const Edge& e : categories.arrows.edges())
    if (e.source < count && e.target < count) among.push_back(e);
  const SignedGraph graph = SignedGraph::from_edges(count, std::move(among),
                                                    categories.arrows.direction(), GraphKind::user);
  const std::vector<Edge> arrows = shown_arrows(graph);
  LayoutOptions options;
  options.push = 0.3;
  options.center = 0.1;
  const auto map = layout(graph, options);
  const auto [left, right] = std::ranges::minmax(map, {}, &Point::x);
  const auto [low, high] = std::ranges::minmax(map, {}, &Point::y);
  // Both ways to the edge: the disc's distances are rough anyway.
  const auto across = [](float value, float least, float highest) {
    const double share =
        highest > least ? static_cast<double>((value - least) / (highest - least)) : 0.5;
    return figure_margin + share * (figure_side - 2 * figure_margin);
  };
  std::vector<Place> places;
  std::vector<double> radius;
  const auto largest = static_cast<double>(*std::ranges::max_element(categories.size));
  for (Index c = 0; c < count; ++c) {
    places.push_back({across(map[c].x, left.x, right.x), across(map[c].y, low.y, high.y)});
    radius.push_back(4 + 14 * std::sqrt(static_cast<double>(categories.size[c]) / largest));
  }
  part(places, radius);

  Figure figure{"", static_cast<int>(figure_side), static_cast<int>(figure_side)};
  figure.commands = fmt::format(
      "unset key\nunset border\nunset tics\nunset grid\nset margins 0,0,0,0\n"
      "set lmargin at screen 0\nset rmargin at screen 1\nset bmargin at screen 0\n"
      "set tmargin at screen 1\nset xrange [0:{0}]\nset yrange [0:{0}]\n",
      figure_side);
  const double strongest = arrows.empty() ? 1 : std::abs(static_cast<double>(arrows.back().weight));
  for (const Edge& e : arrows)
    figure.commands += fmt::format(
        "set arrow from {:.2f},{:.2f} to {:.2f},{:.2f} nohead back lc rgb {} lw {:.2f}  # {} {} "
        "{}\n",
        places[e.source].x, places[e.source].y, places[e.target].x, places[e.target].y,
        e.weight > 0 ? "blue" : "'#80d55e00'",
        0.5 + 4 * std::abs(static_cast<double>(e.weight)) / strongest, e.source, e.target,
        e.weight);
  std::vector<Wish> wishes;
  std::vector<Box> taken;
  for (Index c = 0; c < count; ++c) {
    figure.commands += fmt::format(
        "set object circle at {:.2f},{:.2f} size {:.2f} front fc rgb ink fs solid border rgb "
        "'white'\n",
        places[c].x, places[c].y, radius[c]);
    const std::string words = categories.words[c].empty() ? "" : listed(categories.words[c], 22);
    wishes.push_back({places[c], radius[c], words.empty() ? fmt::format("#{}", c) : words});
    taken.push_back({places[c].x - radius[c], places[c].y - radius[c], places[c].x + radius[c],
                     places[c].y + radius[c]});
  }
  const auto named =
      label_places(wishes, name_size, {4, 24, figure_side - 4, figure_side - 4}, taken);
  for (std::size_t c = 0; c < named.size(); ++c) {
    const Place at = named[c].value_or(Place{places[c].x, places[c].y});
    figure.commands += fmt::format("set label {} at {:.2f},{:.2f} center front textcolor rgb {}\n",
                                   gnuplot_text(named[c] ? wishes[c].text : fmt::format("{}", c)),
                                   at.x, at.y, named[c] ? "ink" : "'white'");
  }
  figure.commands += fmt::format(
      "set label {} at 10,14 left front textcolor rgb '#777777'\n"
      "plot NaN\n",
      gnuplot_text(
          "blue: what one raises, the other raises; orange: what one raises, the other lowers"));
  return figure;
}

}  // namespace yoneda::report
