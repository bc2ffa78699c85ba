#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "../study/json.hpp"
#include "text.hpp"
#include "yoneda/report/figures.hpp"

namespace yoneda::report {
namespace {

using study::Json;

double number_at(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

// What every null says of itself; the rest is said around it.
NullTest test_from(const Json& json, std::string statistic, double observed) {
  NullTest test;
  test.statistic = std::move(statistic);
  test.observed = observed;
  test.null_kind = json.at("null").get<std::string>();
  test.null_mean = number_at(json, "null_mean");
  test.null_sd = number_at(json, "null_sd");
  test.samples = study::whole_number<Index>(json.at("samples"));
  const auto verdict = json.at("verdict").get<std::string>();
  for (const Verdict known : {Verdict::commutes, Verdict::does_not, Verdict::forced})
    if (verdict == name(known)) test.verdict = known;
  // One p alone is of a value as good.
  test.p_upper = number_at(json, json.contains("p") ? "p" : "p_upper");
  test.p_lower = number_at(json, json.contains("p") ? "p" : "p_lower");
  for (const Json& draw : json.at("draws"))
    if (!draw.is_null()) test.draws.push_back(draw.get<double>());
  return test;
}

/// Of the graph, or of the equations that it has itself.
void add_own(const Json& test, std::vector<NullTest>& tests) {
  tests.push_back(
      test_from(test, test.at("statistic").get<std::string>(), number_at(test, "observed")));
}

/// A quantity of a user's diagram beside each of its nulls.
void add_nulls(const Json& nulls, const std::string& statistic, double observed,
               std::vector<NullTest>& tests) {
  for (const Json& null : nulls)
    if (null.contains("draws"))
      tests.push_back(
          test_from(null, statistic + " (" + null.at("null").get<std::string>() + ")", observed));
}

void add_diagrams(const Json& diagrams, std::vector<NullTest>& tests) {
  const auto called = [](const Json& json, const char* what) {
    return json.at("name").get<std::string>() + ": " + what;
  };
  for (const Json& equation : diagrams.at("equations"))
    if (equation.contains("draws"))
      tests.push_back(
          test_from(equation, called(equation, "discrepancy"), number_at(equation, "discrepancy")));
  for (const Json& relation : diagrams.at("relations")) {
    const Json& agreement = relation.at("agreement");
    add_nulls(agreement.at("nulls"), called(relation, "agreement Q"),
              number_at(agreement, "observed"), tests);
  }
  for (const char* part : {"grids", "searches"})
    for (const Json& grid : diagrams.at(part))
      add_nulls(grid.at("nulls"), called(grid, "additivity G"), number_at(grid, "G"), tests);
}

/// The panel's range: all that is drawn, and some air.
std::pair<double, double> extent(const NullTest& test) {
  double low = std::min(test.observed, test.null_mean - test.null_sd);
  double high = std::max(test.observed, test.null_mean + test.null_sd);
  for (const double draw : test.draws) low = std::min(low, draw), high = std::max(high, draw);
  const double air = high > low ? 0.08 * (high - low) : std::max(1e-3, 0.05 * std::abs(high));
  return {low - air, high + air};
}

std::string value_text(double value) {
  return std::abs(value) >= 1e3 ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

std::string panel(const NullTest& test, std::size_t number, double low_edge, double high_edge) {
  const auto [low, high] = extent(test);
  const std::string block = fmt::format("$draws_{}", number);
  std::string text = block + " << END\n";
  for (const double draw : test.draws) text += fmt::format("{}\n", draw);
  text += "END\n";
  const bool right = test.observed > (low + high) / 2;
  const bool above = test.observed >= test.null_mean;
  const std::string p = fmt::format("p = {:.2g} of a value as {}",
                                    above ? test.p_upper : test.p_lower, above ? "large" : "small");
  text += fmt::format(
      "set tmargin at screen {:.5f}\nset bmargin at screen {:.5f}\n"
      "set xrange [{}:{}]\n"
      "unset label\nunset object\nunset arrow\n"
      "set label {} at graph 0,1.16 left textcolor rgb ink\n"
      "set label {} at graph 1,1.16 right textcolor rgb ink\n",
      high_edge, low_edge, low, high, gnuplot_text(test.statistic, 60),
      gnuplot_text(fmt::format("{}, {}", name(test.verdict), p)));
  text += fmt::format(
      "set object rectangle from {},graph 0 to {},graph 1 behind fc rgb '#e8eef3' fs solid "
      "noborder\n"
      "set arrow from {},graph 0 to {},graph 1 nohead back lc rgb '#9db4c4' lw 1.2\n"
      "set arrow from {},graph 0 to {},graph 1 nohead front lc rgb blue lw 2.5\n"
      "set label {} at {},graph 0.86 {} offset {},0 front textcolor rgb blue\n",
      test.null_mean - test.null_sd, test.null_mean + test.null_sd, test.null_mean, test.null_mean,
      test.observed, test.observed, gnuplot_text("observed " + value_text(test.observed)),
      test.observed, right ? "right" : "left", right ? -0.8 : 0.8);
  // A draw's height means nothing: it only keeps equal values apart.
  if (test.draws.empty()) return text + "plot NaN notitle\n";
  return text + fmt::format(
                    "plot {} using 1:(0.12+0.6*(($0*0.6180339887)-floor($0*0.6180339887))) "
                    "with points pt 7 ps 0.45 lc rgb '#7f7f7f'\n",
                    block);
}

}  // namespace

std::vector<NullTest> read_null_tests(const std::string& path) {
  const Json json = study::read_json(path);
  study::record_from(json, "yoneda-check/1", path);
  return study::reading(path, [&] {
    std::vector<NullTest> tests;
    for (const Json& test : json.at("tests")) add_own(test, tests);
    if (json.contains("equations") && json.at("equations").at("test").is_object())
      add_own(json.at("equations").at("test"), tests);
    if (json.contains("diagrams")) add_diagrams(json.at("diagrams"), tests);
    return tests;
  });
}

Figure null_figure(std::span<const NullTest> tests) {
  constexpr int panel_height = 150, head = 12, foot = 42;
  std::vector<NullTest> shown;
  for (const NullTest& test : tests)
    if (std::isfinite(test.observed) && std::isfinite(test.null_mean) &&
        std::isfinite(test.null_sd))
      shown.push_back(test);
  if (shown.empty())
    throw Error(ErrorKind::value,
                "this check has no test against a null; make one with "
                "yoneda check, where its sources are at hand");
  Figure figure;
  figure.width = 760;
  figure.height = head + panel_height * static_cast<int>(shown.size()) + foot;
  figure.commands =
      "unset key\nunset ytics\nset border 1\nset yrange [0:1]\nunset grid\n"
      "set lmargin at screen 0.03\nset rmargin at screen 0.97\nset multiplot\n";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const double top = figure.height - head - panel_height * static_cast<double>(i);
    figure.commands +=
        panel(shown[i], i, (top - panel_height + 24) / figure.height, (top - 36) / figure.height);
  }
  figure.commands += fmt::format(
      "unset label\nset label {} at screen 0.03,{} left textcolor rgb '#777777'\n",
      gnuplot_text(
          "grey: values of the null's draws, their mean and standard deviation; heights only keep "
          "them apart"),
      16.0 / figure.height);
  figure.commands +=
      "unset border\nunset xtics\nunset object\nunset arrow\nplot NaN\nunset multiplot\n";
  return figure;
}

}  // namespace yoneda::report
