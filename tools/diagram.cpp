#include "diagram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "summary.hpp"
#include "terminal.hpp"
#include "yoneda/io/hash.hpp"
#include "yoneda/study/categories_file.hpp"
#include "yoneda/study/diagram_check_file.hpp"

namespace tool {
namespace {

using yoneda::Id;
using yoneda::Index;
using yoneda::Verdict;
using yoneda::Vocabulary;

std::string word(Id token, const Vocabulary& vocabulary) {
  return words(std::span(&token, 1), vocabulary, 1);
}

// "✓ royalty" and its verdict, in two columns.
template <class Result>
void print_title(const Result& result) {
  const bool good = study::passed(result.verdict, result.written.expect);
  const std::optional<Verdict> verdict = result.verdict;
  std::string said(verdict ? name(*verdict) : "holds");
  if (result.written.expect && !good)
    said += fmt::format(" (expected: {})", name(*result.written.expect));
  else if (result.written.expect && *result.written.expect != Verdict::commutes)
    said += " (as expected)";
  fmt::print("\n{} {} {}\n", good ? "✓" : "✗", padded(result.written.name, 52), said);
}

// What an object is, in a line: its words, or what its features raise.
std::string object_text(const study::NamedObject& object, const study::Members& members,
                        const study::ArrowsFile* arrows, const Vocabulary& vocabulary) {
  if (object.type == study::ObjectType::token)
    return "token '" + word(members.ids[0], vocabulary) + "'";
  if (object.type == study::ObjectType::tokens)
    return fmt::format("{} tokens: {}", members.ids.size(), words(members.ids, vocabulary, 8));
  if (object.type == study::ObjectType::category)
    return fmt::format("category {}: {} features", object.number, members.ids.size());
  const std::string raises =
      arrows ? ", raises " + words(arrows->arrows.positive(members.ids[0]), vocabulary, 5) : "";
  return fmt::format("feature {}{}", object.number, raises);
}

void print_objects(const study::DiagramCheck& check, const study::ArrowsFile* arrows,
                   const Vocabulary& vocabulary) {
  if (check.members.empty()) return;
  fmt::print("\n");
  for (std::size_t i = 0; i < check.members.size(); ++i)
    fmt::print(
        "    {} {}\n", padded(check.file.objects[i].name, 12),
        safe_text(object_text(check.file.objects[i], check.members[i], arrows, vocabulary), 84));
}

// "king +0.41→ royal −0.38→ queen"; a step with many arrows is a bare →.
std::string path_text(const study::PathValue& side, const std::vector<Id>& path,
                      const study::DiagramFile& file) {
  std::string text = safe_text(file.objects[path[0]].name, 24);
  for (std::size_t i = 1; i < path.size(); ++i) {
    const auto& arrow = side.arrows[i - 1];
    text += arrow
                ? fmt::format(" {}{:.3g}→ ", arrow->weight < 0 ? "−" : "+", std::abs(arrow->weight))
                : std::string(" → ");
    text += safe_text(file.objects[path[i]].name, 24);
  }
  return text;
}

// Which arrows the sparse graph has, and that the others were computed.
std::string arrow_sources(const study::EquationResult& result, const study::DiagramFile& file) {
  std::vector<std::string> kept;
  Index computed = 0;
  for (const auto* side : {&result.left, &result.right}) {
    const auto& path = side == &result.left ? result.written.left : result.written.right;
    for (std::size_t i = 0; i < side->arrows.size(); ++i) {
      const auto& arrow = side->arrows[i];
      const std::string name = safe_text(file.objects[path[i]].name, 24) + " → " +
                               safe_text(file.objects[path[i + 1]].name, 24);
      if (arrow && arrow->in_graph)
        kept.push_back(name);
      else
        ++computed;
    }
  }
  if (kept.empty()) return "computed from the weights";
  std::string text;
  for (const std::string& name : kept) text += (text.empty() ? "" : ", ") + name;
  return "of the graph: " + text + (computed > 0 ? "; the others computed from the weights" : "");
}

void print_equation(const study::EquationResult& result, const study::DiagramFile& file) {
  print_title(result);
  const auto left = path_text(result.left, result.written.left, file),
             right = path_text(result.right, result.written.right, file);
  const auto width = std::max(yoneda::columns(left), yoneda::columns(right));
  for (const auto* side : {&left, &right})
    fmt::print(
        "    {} = {}\n", padded(*side, width),
        value_text(side == &left ? result.left.value : result.right.value, result.written.base));
  fmt::print("    base {}; arrows {}\n", name(result.written.base), arrow_sources(result, file));
  print_wrapped(result.reason);
}

void print_relation(const study::RelationResult& result, const Vocabulary& vocabulary) {
  print_title(result);
  const yoneda::RelationTest& test = result.test;
  const auto pair = [&](const yoneda::PairResult& p) {
    return word(p.pair.a, vocabulary) + " → " + word(p.pair.b, vocabulary);
  };
  std::string listed;
  for (std::size_t i = 0; i < std::min<std::size_t>(4, test.pairs.size()); ++i)
    listed += (listed.empty() ? "" : ", ") + pair(test.pairs[i]);
  fmt::print("    {} pairs in {}: {}{}\n", test.pairs.size(), result.written.in,
             safe_text(listed, 76), test.pairs.size() > 4 ? ", …" : "");
  print_wrapped(fmt::format(
      "agreement of differences Q {:.3f}; the second word comes first for {} (hit@1), MRR {:.3f}",
      test.q.observed(), percent(test.hit.observed()), test.mrr.observed()));
  print_wrapped(result.reason);
  if (test.failures.empty()) return;
  std::string missed;
  for (std::size_t i = 0; i < std::min<std::size_t>(4, test.failures.size()); ++i) {
    const yoneda::PairResult& p = test.pairs[test.failures[i]];
    missed += fmt::format("{}{} (rank {}{})", missed.empty() ? "" : ", ", pair(p), grouped(p.rank),
                          p.rival < 0 ? "" : ", nearer: " + word(p.rival, vocabulary));
  }
  print_wrapped(fmt::format("missed {}: {}{}", test.failures.size(), missed,
                            test.failures.size() > 4 ? ", …" : ""));
}

void print_grid(const study::GridResult& result) {
  print_title(result);
  const yoneda::ProductTest& test = result.test;
  std::string row;
  for (Index j = 0; j < std::min<Index>(4, result.written.columns); ++j)
    row += (j == 0 ? "" : ", ") + safe_token(result.written.words[j].text, 20);
  fmt::print("    {} x {} in {}, its first row {}\n", result.written.rows, result.written.columns,
             result.written.in, row);
  print_wrapped(
      fmt::format("G {:.3f} (0 by chance, 1 where rows and columns add up); F of rows {:.3g}, of "
                  "columns {:.3g}; "
                  "p = {:.2g}",
                  test.G, test.observed.F_rows(), test.observed.F_columns(), test.p));
  print_wrapped(result.reason);
}

void print_search(const study::SearchResult& result, const Vocabulary& vocabulary) {
  print_title(result);
  const yoneda::GridSearch& search = result.search;
  const auto row = [&](Index i) {
    std::string text;
    for (Index j = 0; j < search.grid.columns; ++j)
      text += (j == 0 ? "" : ", ") + word(search.grid(i, j), vocabulary);
    return text;
  };
  fmt::print("    from {}, in {}:\n", row(0), result.written.in);
  for (Index i = 1; i < search.grid.rows; ++i)
    fmt::print("      {} {:.3f}\n", padded(row(i), 52), search.scores[i]);
  print_wrapped(
      fmt::format("G {:.3f}; grids searched from words as near to each other have {:.3f} on "
                  "average, from words "
                  "of this one's columns {:.3f}",
                  search.G, search.near_G.null_mean, search.mismatched_G.null_mean));
  print_wrapped(result.reason);
}

// "3 commute, 1 is forced": the verdicts that there are, commutes first.
std::string verdict_counts(const study::DiagramCheck& check) {
  std::vector<std::optional<Verdict>> verdicts;
  study::for_each_result(check,
                         [&verdicts](const auto& result) { verdicts.push_back(result.verdict); });
  std::string text;
  const auto add = [&](std::optional<Verdict> wanted, const char* label) {
    if (const auto count = std::ranges::count(verdicts, wanted); count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, label);
  };
  add(Verdict::commutes, "commute");
  add(std::nullopt, "hold without a null");
  add(Verdict::forced, "forced");
  add(Verdict::underpowered, "underpowered");
  add(Verdict::does_not, "do not");
  return text;
}

std::string failed_names(const study::DiagramCheck& check, bool require_commutes) {
  std::string names;
  study::for_each_result(check, [&](const auto& result) {
    const std::optional<Verdict> verdict = result.verdict;
    if (study::passed(verdict, result.written.expect) &&
        (!require_commutes || verdict == Verdict::commutes))
      return;
    names += (names.empty() ? "'" : ", '") + result.written.name + "'";
  });
  return names;
}

std::optional<yoneda::Partition> categories_for(const study::DiagramFile& file,
                                                const std::optional<study::Study>& in) {
  const bool named = std::ranges::any_of(file.objects, [](const study::NamedObject& object) {
    return object.type == study::ObjectType::category;
  });
  if (!named || !in || !std::filesystem::exists(in->categories())) return std::nullopt;
  return study::read_partition(in->categories());
}

}  // namespace

void check_diagrams(const DiagramOptions& options, const Session& session) {
  const study::DiagramFile file = study::read_diagram_file(options.file);
  const auto in = study_named(options.input);
  const std::string output = options.output.empty() && in ? in->check() : options.output;
  const auto lock = lock_for(in, output);
  const study::GraphFile graph = study::read_graph(in ? in->graph() : options.input);
  for (const std::string& note : graph.notes) print_note(note);
  const std::string arrows_path = options.arrows.empty() && in ? in->arrows() : options.arrows;
  std::optional<study::ArrowsFile> arrows;
  if (!arrows_path.empty()) arrows = study::read_arrows(arrows_path);
  const auto sources = open_or_reopen(options.sources, graph.record);
  if (arrows && arrows->vocabulary.empty() && sources) arrows->vocabulary = sources->vocabulary;
  const auto categories = categories_for(file, in);

  const study::DiagramCheck check = study::make_diagram_check(
      file, graph, arrows ? &*arrows : nullptr, sources ? &*sources : nullptr,
      categories ? &*categories : nullptr, options.step, terminal_progress());
  study::Record record = graph.record;
  record.command = session.command;
  record.sources["diagram"] = {std::filesystem::absolute(options.file).string(),
                               yoneda::io::hash_path(options.file),
                               {},
                               "diagrams",
                               {}};
  const Vocabulary vocabulary = arrows    ? arrows->vocabulary
                                : sources ? sources->vocabulary
                                          : Vocabulary();
  if (!output.empty()) study::write_diagram_check(output, check, graph, vocabulary, record);
  for (const std::string& note : check.notes) print_note(note);
  if (session.json) {
    fmt::print("{}\n", study::diagram_json(check, vocabulary, record, false));
  } else {
    print_objects(check, arrows ? &*arrows : nullptr, vocabulary);
    for (const auto& result : check.equations) print_equation(result, check.file);
    for (const auto& result : check.relations) print_relation(result, vocabulary);
    for (const auto& result : check.grids) print_grid(result);
    for (const auto& result : check.searches) print_search(result, vocabulary);
    fmt::print("\n{} of {} as believed: {}\n",
               study::counts(check).all - study::counts(check).failed, study::counts(check).all,
               verdict_counts(check));
    if (!output.empty()) fmt::print("wrote {}\n", output);
  }
  if (const std::string failed = failed_names(check, options.require_commutes); !failed.empty())
    throw ConditionFailed{fmt::format("{} ({})", options.file, safe_text(failed, 400))};
}

}  // namespace tool
