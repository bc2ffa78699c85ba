#include "summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "command.hpp"
#include "description.hpp"
#include "terminal.hpp"

namespace tool {
namespace {

using namespace yoneda;

std::string label_words(const std::vector<LabelToken>& tokens, const Vocabulary& vocabulary,
                        std::size_t most) {
  std::vector<Id> ids;
  for (const LabelToken& entry : tokens) ids.push_back(entry.token);
  return words(ids, vocabulary, most);
}

// What a category is called where there is room for two words.
std::string short_label(const study::Categories& categories, Id category,
                        const Vocabulary& vocabulary) {
  if (categories.labels.empty()) return fmt::format("#{}", category);
  return fmt::format("#{} {}", category,
                     label_words(categories.labels[category].raised, vocabulary, 2));
}

std::vector<std::vector<Id>> groups_of(const study::Categories& categories) {
  return members(categories.partition);
}

// What the grouping as a whole is worth, where it was measured.
void print_scores(const study::Categories& categories) {
  if (!categories.counts.empty()) {
    std::string tried;
    for (const CountStability& count : categories.counts)
      tried += fmt::format("{}{} {:.2f}", tried.empty() ? "" : ", ", count.count, count.agreement);
    fmt::print("\n  counts tried, and how far their categories come back: {}\n", tried);
  }
  if (categories.stability)
    fmt::print("\n  drawn again, features group alike to an adjusted Rand index of {:.2f}\n",
               categories.stability->agreement);
}

// The hierarchy cut where about the square root as many groups are left.
void print_hierarchy(const study::Categories& categories, const Vocabulary& vocabulary) {
  const Hierarchy& hierarchy = *categories.hierarchy;
  if (hierarchy.leaves == 0) return;
  const Index wanted = std::llround(std::sqrt(static_cast<double>(hierarchy.leaves)));
  const Partition groups = cut(hierarchy, std::max<Index>(1, wanted));
  fmt::print("\n  {} categories join into {} groups, and no fewer than {} in all:\n\n",
             hierarchy.leaves, groups.count, hierarchy.roots());
  for (const auto& group : members(groups)) {
    std::string line;
    for (const Id category : group) {
      const std::string next = short_label(categories, category, vocabulary);
      if (!line.empty() && columns(line) + columns(next) > 88) {
        fmt::print("    {}\n", line + ";");
        line = "  " + next;
      } else {
        line += (line.empty() ? "" : "; ") + next;
      }
    }
    fmt::print("    {}\n", line);
  }
}

// An edge of a virtual graph leads from one SAE to the other: no triangle closes.
void print_squares(const CycleBalance& squares) {
  if (const auto share = squares.share())
    fmt::print("  squares (f → g ← f' → g' ← f): {} of {} are balanced ({})\n",
               grouped(squares.balanced), grouped(squares.count()), percent(*share));
  else
    fmt::print("  squares: none\n");
}

void print_isotropic(const IsotropicExcess& found) {
  fmt::print("  isotropic directions in {:.0f} dimensions would balance {} of them\n",
             found.dimension, percent(found.predicted));
}

// The share that no sides avoid, and how its lower bound is known.
void print_frustration(const FrustrationBounds& found) {
  std::string by;
  if (found.total.lower > 0 && found.total.lower < found.total.upper)
    by = found.by_factorisation > 0 ? found.by_packing > 0
                                          ? " (at least: a factorisation and packed cycles)"
                                          : " (at least: by a factorisation)"
                                    : " (at least: by packed cycles)";
  fmt::print("  frustrated edges: between {} and {} of all{}\n", percent(*found.total.share_lower),
             percent(*found.total.share_upper), by);
}

void print_walks(const WalkBalance& walks) {
  if (walks.exact)
    fmt::print("  walk balance: {:.3g} (1 where balanced)\n", walks.value);
  else
    fmt::print("  walk balance: {:.4g} ± {:.2g} (1 where balanced)\n", walks.value, walks.error);
}

// The three that are most at odds, of those with edges enough for a share to mean something.
void print_frustrated_categories(const std::vector<CategoryFrustration>& categories) {
  constexpr double fewest = 20;
  std::vector<std::size_t> order;
  for (std::size_t c = 0; c < categories.size(); ++c)
    if (categories[c].inside.all >= fewest && categories[c].inside.frustrated > 0)
      order.push_back(c);
  std::ranges::stable_sort(order, std::greater{},
                           [&](std::size_t c) { return *categories[c].inside.share(); });
  if (order.empty()) return;
  std::string list;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, order.size()); ++i)
    list += fmt::format("{}#{} {}", i == 0 ? "" : ", ", order[i],
                        percent(*categories[order[i]].inside.share()));
  fmt::print("  most frustrated inside: categories {}\n", list);
}

// q among the features tested, where the null's pool allows one.
std::string q_text(const FeatureP& tests, Id feature) {
  if (tests.q.empty()) return "";
  const double q = tests.q[feature];
  return std::isnan(q) ? fmt::format("{:<8}", "")
                       : fmt::format("{:<8}", fmt::format("q {:.2g}", q));
}

// How many features stand out, and where that is none, what more draws could change.
void print_feature_tests(const FeatureP& tests) {
  if (tests.p.empty()) return;
  const auto found = std::ranges::count_if(tests.q, [](double q) { return q <= 0.05; });
  fmt::print(
      "\n  {} of {} features tested are more frustrated than null features of like degree "
      "(q ≤ 0.05)\n",
      found, grouped(tests.tested));
  if (found == 0) fmt::print("  {}\n", tests.floor);
}

}  // namespace

std::string node_name(const study::GraphFile& file, Id node) {
  if (file.graph.kind() != GraphKind::virtual_) return std::to_string(node);
  return node < file.upstream ? fmt::format("f{}", node) : fmt::format("g{}", node - file.upstream);
}

std::string value_text(const std::optional<double>& value, study::PathBase base) {
  if (!value) return "no value";
  if (base == study::PathBase::sign) return *value < 0 ? "−" : "+";
  return fmt::format("{}{:.4g}", *value < 0 ? "−" : "", std::abs(*value));
}

void print_wrapped(const std::string& text) {
  const std::size_t width = line_width(92);
  std::string line;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string next = safe_text(text.substr(at, end - at), width);
    at = end + 1;
    if (!line.empty() && columns(line) + 1 + columns(next) > width) {
      fmt::print("    {}\n", line);
      line.clear();
    }
    line += (line.empty() ? "" : " ") + next;
  }
  fmt::print("    {}\n", line);
}

std::string raises_heading(const Vocabulary& vocabulary) {
  const bool spaces = std::ranges::any_of(vocabulary.texts(), [](const std::string& text) {
    return text.starts_with(' ') || text.ends_with(' ');
  });
  return spaces ? "raises (␣ is a space)" : "raises";
}

void print_excluded(std::span<const Id> tokens, const Vocabulary& vocabulary) {
  if (tokens.empty()) return;
  fmt::print("{} tokens left out as junk: {}{}\n", grouped(static_cast<Index>(tokens.size())),
             words(tokens, vocabulary, 8), tokens.size() > 8 ? ", …" : "");
}

void print_categories(const study::Categories& categories, const Vocabulary& vocabulary,
                      std::size_t most) {
  const auto groups = groups_of(categories);
  const std::size_t shown = std::min(most, groups.size());
  const bool stability = categories.stability.has_value();
  const std::size_t wide = line_width(92) - 40 - (stability ? 8 : 0);
  std::string title =
      fmt::format("{} categories by {}", categories.partition.count, categories.method);
  if (shown < groups.size()) title += fmt::format(", the {} largest", shown);
  fmt::print("\n{}\n\n  {:>4} {:>5}  {}{} {}\n", heading(title), "", "size",
             stability ? "stable  " : "", in_blue(padded(raises_heading(vocabulary), wide)),
             in_orange("opposite"));
  for (std::size_t c = 0; c < shown; ++c) {
    const auto id = static_cast<Id>(c);
    const auto against = opposite(categories.quotient, id);
    const std::string raises =
        categories.labels.empty() ? "" : label_words(categories.labels[c].raised, vocabulary, 6);
    fmt::print(
        "  {:>4} {:>5}  {}{} {}\n", fmt::format("#{}", c), groups[c].size(),
        stability ? fmt::format("{:>6.2f}  ", categories.stability->category[c]) : "",
        padded(raises, wide),
        against ? safe_text(short_label(categories, against->target, vocabulary), 26) : "none");
  }
  print_scores(categories);
  if (categories.hierarchy) print_hierarchy(categories, vocabulary);
}

void print_check(const study::Check& check, const study::GraphFile& file) {
  const SignedGraph& graph = file.graph;
  fmt::print("\n{}\n\n", heading("Does the graph commute?"));
  fmt::print("  {} graph, {} features, {} edges\n", name(graph.kind()), grouped(graph.node_count()),
             grouped(graph.edge_count()));
  if (check.balance.balanced()) {
    fmt::print("  balanced: the signs multiply to + round every cycle\n");
  } else {
    std::string cycle;
    for (const Id node : check.balance.certificate)
      cycle += (cycle.empty() ? "" : " – ") + node_name(file, node);
    fmt::print("  not balanced: the signs multiply to − round {}\n", cycle);
  }
  if (const auto share = check.triangles.share())
    fmt::print("  triangles: {} of {} are balanced ({})\n", grouped(check.triangles.balanced),
               grouped(check.triangles.count()), percent(*share));
  else if (!check.squares)
    fmt::print("  triangles: none\n");
  if (check.squares) print_squares(*check.squares);
  if (check.isotropic && check.isotropic->triangles > 0) print_isotropic(*check.isotropic);
  if (check.frustration.total.share_upper) print_frustration(check.frustration);
  if (!check.balance.balanced()) print_walks(check.walks);
  print_frustrated_categories(check.by_category);
  for (const NullTest& test : check.tests) {
    fmt::print("\n  {}: {}\n", test.statistic, heading(std::string(name(test.verdict))));
    print_wrapped(test.reason);
  }
  if (!check.tests.empty()) {
    const NullTest& test = check.tests.front();
    const std::string null = fmt::format("null: {}, {} draws, seed {}. {}", test.null_kind,
                                         test.samples, test.seed, test.keeps);
    fmt::print("\n  {}\n", wrapped(null, 2));
  }
}

void print_frustrated(const study::Check& check, const study::ArrowsFile* arrows,
                      std::size_t most) {
  if (check.most_frustrated.empty()) return;
  fmt::print("\n{}\n\n",
             heading("Most frustrated features (weight share of unbalanced triangles)"));
  const std::size_t room = line_width(108) - 39, raised = room * 36 / 69;
  for (std::size_t i = 0; i < std::min(most, check.most_frustrated.size()); ++i) {
    const Id f = check.most_frustrated[i];
    fmt::print("  {:>6} {:>6} of {:<4}{}", fmt::format("#{}", f),
               percent(check.by_feature.share[f]), check.by_feature.triangles[f],
               q_text(check.feature_p, f));
    if (arrows)
      fmt::print(
          "  {}  {}",
          in_blue("+ " + padded(words(arrows->arrows.positive(f), arrows->vocabulary, 4), raised)),
          in_orange("− " + safe_text(words(arrows->arrows.negative(f), arrows->vocabulary, 3),
                                     room - raised)));
    fmt::print("\n");
  }
  print_feature_tests(check.feature_p);
}

Json categories_json(const study::Categories& categories, const Vocabulary& vocabulary) {
  Json list = Json::array();
  const auto groups = groups_of(categories);
  for (std::size_t c = 0; c < groups.size(); ++c) {
    Json category{{"id", c}, {"size", groups[c].size()}};
    if (!categories.labels.empty()) {
      category["raised"] = Json::array();
      for (const LabelToken& entry : categories.labels[c].raised)
        category["raised"].push_back(
            {{"token", entry.token}, {"text", vocabulary.text(entry.token)}});
    }
    const auto against = opposite(categories.quotient, static_cast<Id>(c));
    category["opposite"] = against ? Json(against->target) : Json(nullptr);
    category["exemplars"] = categories.exemplars[c];
    if (categories.silhouettes) category["silhouette"] = categories.silhouettes->category[c];
    if (categories.stability)
      category["stability"] = number_or_null(categories.stability->category[c]);
    list.push_back(std::move(category));
  }
  Json json{{"method", categories.method},
            {"scores",
             {{"modularity", categories.scores.modularity},
              {"positive_cut", categories.scores.positive_cut},
              {"negative_uncut", categories.scores.negative_uncut}}},
            {"categories", list}};
  if (categories.silhouettes) json["scores"]["silhouette"] = categories.silhouettes->mean;
  if (categories.stability) json["scores"]["stability"] = categories.stability->agreement;
  for (const CountStability& tried : categories.counts)
    json["counts"].push_back({{"count", tried.count}, {"stability", tried.agreement}});
  return json;
}

Json check_json(const study::Check& check, const study::GraphFile& graph) {
  Json tests = Json::array();
  for (const NullTest& test : check.tests)
    tests.push_back({{"statistic", test.statistic},
                     {"null", test.null_kind},
                     {"observed", number_or_null(test.observed)},
                     {"null_mean", number_or_null(test.null_mean)},
                     {"null_sd", number_or_null(test.null_sd)},
                     {"excess", number_or_null(test.excess)},
                     {"p_upper", test.p_upper},
                     {"p_lower", test.p_lower},
                     {"verdict", name(test.verdict)},
                     {"reason", test.reason}});
  const auto json_of = [](const auto& share) { return share ? Json(*share) : Json(nullptr); };
  Json json{{"balanced", check.balance.balanced()},
            {"certificate", check.balance.certificate},
            {"triangles", check.triangles.count()},
            {"triangle_balance", json_of(check.triangles.share())},
            {"frustrated_share_at_least", json_of(check.frustration.total.share_lower)},
            {"frustrated_share_at_most", json_of(check.frustration.total.share_upper)},
            {"walk_balance", check.walks.value},
            {"walk_balance_error", check.walks.error}};
  if (check.isotropic) {
    json["isotropic_prediction"] = check.isotropic->predicted;
    json["isotropic_excess"] = check.isotropic->excess();
  }
  if (graph.graph.kind() == yoneda::GraphKind::virtual_) json["upstream_features"] = graph.upstream;
  if (check.squares) {
    json["squares"] = check.squares->count();
    json["square_balance"] = json_of(check.squares->share());
  }
  json["tests"] = tests;
  return json;
}

}  // namespace tool
