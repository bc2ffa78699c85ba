#include "yoneda/study/equation_check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "arrangements.hpp"
#include "diagram_place.hpp"
#include "io/text.hpp"
#include "path_base.hpp"
#include "yoneda/category/composite.hpp"
#include "yoneda/core/parallel.hpp"

namespace yoneda::study {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr Index default_samples = 999;

/// A path as nodes: an object at an end is one, an object between the ends one for every member.
struct Steps {
  std::vector<Members> nodes;
  std::vector<std::vector<Id>> steps;
};

Steps steps_of(std::span<const Id> path, std::span<const Members> objects) {
  Steps made;
  const auto add = [&made](Members node) {
    made.steps.back().push_back(static_cast<Id>(made.nodes.size()));
    made.nodes.push_back(std::move(node));
  };
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Members& object = objects[path[i]];
    made.steps.emplace_back();
    if (i == 0 || i + 1 == path.size())
      add(object);
    else
      for (const Id id : object.ids) add({object.type, {id}});
  }
  return made;
}

/// Nothing where an arrow is 0 and the base has no value for that.
template <Base B>
std::optional<typename B::value> value_of(const B& base, const Steps& path,
                                          const ObjectArrows& arrows) {
  const auto weight = [&](Id u, Id v) {
    return static_cast<float>(arrows.between(path.nodes[u], path.nodes[v]).weight);
  };
  if constexpr (JoinBase<B>) {
    const auto arrow_of = [&](Id u, Id v) {
      const float w = weight(u, v);
      return w == 0 ? base.zero() : base.arrow(w);
    };
    return joined_composite(base, arrow_of, path.steps);
  } else {
    // The parser lets no set stand between the ends here: every step is one node.
    std::vector<Id> nodes;
    for (const auto& step : path.steps) nodes.push_back(step.front());
    std::vector<float> weights;
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      weights.push_back(weight(nodes[i - 1], nodes[i]));
      if (weights.back() == 0) return std::nullopt;
    }
    return composite(
        base, [&](Id u, Id) { return base.arrow(weights[u]); }, nodes);
  }
}

struct SidesFound {
  std::optional<double> left, right, discrepancy;
};

template <Base B>
SidesFound sides_in(const B& base, const WrittenEquation& equation,
                    std::span<const Members> objects, const ObjectArrows& arrows) {
  const auto left = value_of(base, steps_of(equation.left, objects), arrows);
  const auto right = value_of(base, steps_of(equation.right, objects), arrows);
  SidesFound found;
  if (left) found.left = static_cast<double>(*left);
  if (right) found.right = static_cast<double>(*right);
  if (left && right) found.discrepancy = base.discrepancy(*left, *right);
  if (found.discrepancy && std::isnan(*found.discrepancy)) found.discrepancy.reset();
  return found;
}

SidesFound sides_of(const WrittenEquation& equation, std::span<const Members> objects,
                    const ObjectArrows& arrows) {
  return with_base(equation.base,
                   [&](const auto& base) { return sides_in(base, equation, objects, arrows); });
}

std::vector<std::optional<ObjectArrow>> arrows_along(std::span<const Id> path,
                                                     std::span<const Members> objects,
                                                     const ObjectArrows& arrows) {
  const auto many = [&](std::size_t i) {
    return i > 0 && i + 1 < path.size() && objects[path[i]].ids.size() > 1;
  };
  std::vector<std::optional<ObjectArrow>> found;
  for (std::size_t i = 1; i < path.size(); ++i) {
    found.emplace_back();
    if (!many(i - 1) && !many(i))
      found.back() = arrows.between(objects[path[i - 1]], objects[path[i]]);
  }
  return found;
}

// ----- the null

/// The discrepancies of other arrangements, NaN for those that lack an arrow.
struct Draws {
  std::vector<double> values;
  bool all = false;  ///< every arrangement but the equation's own, instead of a sample
};

Draws draws_of(const WrittenEquation& equation, const Arrangements& arrangements,
               const ObjectArrows& arrows, Index samples, std::uint64_t seed,
               const Progress& progress) {
  const auto value = [&](std::span<const Members> objects) {
    return sides_of(equation, objects, arrows).discrepancy.value_or(undefined);
  };
  Draws draws;
  const double count = arrangements.count();
  draws.all = arrangements.numbered() && count <= static_cast<double>(samples) + 1;
  const Index looked_at = draws.all ? static_cast<Index>(count) : samples;
  std::vector<std::optional<double>> found(looked_at);
  parallel_for(
      looked_at,
      [&](Index i) {
        if (draws.all) {
          if (const auto objects = arrangements.at(i)) found[i] = value(*objects);
          return;
        }
        Random random(seed, static_cast<std::uint64_t>(i));
        // Where arrows are rare, look for an arrangement that has all, but not for ever.
        constexpr int tries = 32;
        double drawn = undefined;
        for (int t = 0; t < tries && std::isnan(drawn); ++t)
          drawn = value(arrangements.draw(random));
        found[i] = drawn;
      },
      progress, "arrangements");
  for (const auto& value_found : found)
    if (value_found) draws.values.push_back(*value_found);
  return draws;
}

std::string number(double value) {
  return fmt::format("{:.3g}", value);
}

std::string type_counts(const WrittenEquation& equation, std::span<const Members> objects) {
  std::vector<Index> here(4, 0), used(4, 0);
  std::vector<Id> path = equation.left;
  path.insert(path.end(), equation.right.begin(), equation.right.end());
  for (Id o = 0; o < static_cast<Id>(objects.size()); ++o) {
    const auto type = static_cast<std::size_t>(objects[o].type);
    ++here[type];
    used[type] += std::ranges::find(path, o) != path.end();
  }
  constexpr std::array<std::string_view, 4> plural{"features", "tokens", "token sets",
                                                   "categories"};
  std::string text;
  for (std::size_t type = 0; type < 4; ++type)
    if (used[type] > 0)
      text += (text.empty() ? "" : ", ") +
              fmt::format("{} of the file's {} {}", used[type], here[type], plural[type]);
  return text;
}

/// Whether a draw is as near to holding as the equation. A path read backwards is the same product
/// in another order.
bool as_near(double draw, double observed) {
  return draw <= observed + 1e-9 * std::max(1.0, std::abs(observed));
}

void conclude(EquationResult& result, Verdict verdict, std::string reason) {
  result.verdict = verdict;
  result.test.verdict = verdict;
  result.reason = result.test.reason = std::move(reason);
}

/// "119 other arrangements".
std::string others(const EquationResult& result) {
  return fmt::format("{} other arrangements{}", result.test.samples,
                     result.left_out > 0 ? " that have all arrows" : "");
}

std::string what_differs(const EquationResult& result) {
  if (result.written.base == PathBase::sign) return "The sides have different signs";
  return fmt::format("The sides differ by {}, more than the tolerance {}",
                     number(*result.discrepancy), number(result.written.tolerance));
}

std::string what_agrees(const EquationResult& result) {
  if (result.written.base == PathBase::sign) return "The sides have the same sign";
  return fmt::format("The sides differ by {}, within the tolerance {}", number(*result.discrepancy),
                     number(result.written.tolerance));
}

/// The draws as `test`, those as near as the equation exactly so, and what they say in shares.
void compare(EquationResult& result, Draws draws, const DiagramStep& step) {
  const double observed = *result.discrepancy;
  const Quantity quantity{.name = "discrepancy",
                          .worst = std::numeric_limits<double>::infinity(),
                          .best = 0,
                          .of = "arrangement"};
  std::vector<double> defined;
  for (const double value : draws.values)
    if (!std::isnan(value))
      defined.push_back(as_near(value, observed) ? std::min(value, observed) : value);
  result.left_out = static_cast<Index>(draws.values.size() - defined.size());
  const auto share = [&](const auto& is) {
    return defined.empty() ? 0.0
                           : static_cast<double>(std::ranges::count_if(defined, is)) /
                                 static_cast<double>(defined.size());
  };
  result.holding = share([&](double d) { return d <= result.written.tolerance; });
  result.percentile = 100 * share([&](double d) { return d <= observed; });
  result.test = judged(quantity, observed, std::move(defined), step.rule);
  result.test.null_kind = name(result.written.null);
  result.test.seed = step.seed;
}

std::string null_sentence(EquationNull null, bool all) {
  const std::string which = all ? "All ways" : "Random ways";
  if (null == EquationNull::permute)
    return which +
           " to put objects of the file into the places of others of the same type: keeps which "
           "objects there are and the shape of the equation, loses which object stands where.";
  return which +
         " to put features, tokens, sets of as many tokens or categories of the study into the "
         "places of the equation's: keeps its shape, loses its objects.";
}

/// The verdict of an equation that holds, from its place among the draws.
void judge(EquationResult& result, std::span<const Members> objects, const VerdictRule& rule) {
  const NullTest& test = result.test;
  const double N = static_cast<double>(test.samples), needed = std::ceil(1 / rule.alpha - 1e-9);
  const std::string holds = what_agrees(result) + "; ";
  if (N > 0 && result.holding >= rule.forced)
    return conclude(result, Verdict::forced,
                    fmt::format("{}so do {:.1f}% of {}: it is no evidence.", holds,
                                100 * result.holding, others(result)));
  if (result.arrangements < needed) {
    const std::string widen = result.written.null == EquationNull::permute
                                  ? "Name more objects, or draw them from all: null = \"random\"."
                                  : "A p-value takes more choices than the study has.";
    return conclude(
        result, Verdict::underpowered,
        fmt::format(
            "{}but {} can be arranged in {:.0f} ways only, and p <= {} takes {:.0f}. {}", holds,
            result.written.null == EquationNull::permute ? type_counts(result.written, objects)
                                                         : "the objects",
            result.arrangements, number(rule.alpha), needed, widen));
  }
  if (N + 1 < needed)
    return conclude(
        result, Verdict::underpowered,
        fmt::format("{}but only {} other arrangements {}, and p <= {} takes {:.0f}.", holds,
                    test.samples, result.left_out > 0 ? "have all arrows" : "were drawn",
                    number(rule.alpha), needed - 1));
  // What the equation would have if it held exactly: those that are the equation itself, read in
  // another order, would hold exactly too.
  const auto ties = std::ranges::count_if(
      test.draws, [&](double d) { return d <= 0 || d == *result.discrepancy; });
  const double p_of_best = (1 + static_cast<double>(ties)) / (1 + N);
  if (p_of_best > rule.alpha)
    return conclude(
        result, Verdict::underpowered,
        fmt::format("{}but so they would in {:.1f}% of {}, too many for any to stand out.", holds,
                    100 * static_cast<double>(ties) / N, others(result)));
  const std::string place = fmt::format("{:.1f}% of {} are as near (p = {:.2g})", result.percentile,
                                        others(result), test.p_lower);
  if (test.p_lower <= rule.alpha) return conclude(result, Verdict::commutes, holds + place + ".");
  conclude(result, Verdict::does_not, holds + "but " + place + ": no more than chance.");
}

std::string missing_arrow(const DiagramFile& file, const EquationResult& result) {
  for (const auto* side : {&result.left, &result.right}) {
    const auto& path = side == &result.left ? result.written.left : result.written.right;
    for (std::size_t i = 0; i < side->arrows.size(); ++i)
      if (side->arrows[i] && side->arrows[i]->weight == 0)
        return fmt::format(
            "There is no arrow from {} to {}: its weight is 0, which has no {}; "
            "base = \"real\" knows zeros.",
            io::printable(file.objects[path[i]].name),
            io::printable(file.objects[path[i + 1]].name),
            result.written.base == PathBase::sign ? "sign" : "logarithm");
  }
  return "The values of the sides cannot be compared.";
}

EquationResult check(const DiagramFile& file, const WrittenEquation& equation,
                     const std::vector<Members>& members, const ObjectArrows& arrows,
                     const DiagramWorld& world, const DiagramStep& step, const Progress& progress) {
  EquationResult result;
  result.written = equation;
  const SidesFound found = sides_of(equation, members, arrows);
  result.left = {arrows_along(equation.left, members, arrows), found.left};
  result.right = {arrows_along(equation.right, members, arrows), found.right};
  result.discrepancy = found.discrepancy;
  if (!found.discrepancy) {
    conclude(result, Verdict::does_not, missing_arrow(file, result));
    return result;
  }
  const bool holds = *found.discrepancy <= equation.tolerance;
  if (equation.null == EquationNull::none) {
    result.reason = (holds ? what_agrees(result) : what_differs(result)) + ".";
    if (!holds) conclude(result, Verdict::does_not, result.reason);
    return result;
  }
  const Arrangements arrangements(equation, members, world);
  result.arrangements = arrangements.count();
  Draws draws = draws_of(equation, arrangements, arrows,
                         step.samples > 0 ? step.samples : default_samples, step.seed, progress);
  const bool all = draws.all;
  compare(result, std::move(draws), step);
  result.test.keeps = null_sentence(equation.null, all);
  if (holds) {
    judge(result, members, step.rule);
  } else {
    std::string reason = what_differs(result);
    if (result.test.samples > 0)
      reason += fmt::format("; {:.1f}% of {} hold", 100 * result.holding, others(result));
    conclude(result, Verdict::does_not, reason + ".");
  }
  return result;
}

}  // namespace

EquationResult checked(const DiagramFile& file, const WrittenEquation& equation,
                       const std::vector<Members>& members, const ObjectArrows& arrows,
                       const DiagramWorld& world, const DiagramStep& step,
                       const Progress& progress) {
  return io::naming(text_of(file.path, equation.place), "equation " + io::quote(equation.name),
                    [&] { return check(file, equation, members, arrows, world, step, progress); });
}

}  // namespace yoneda::study
