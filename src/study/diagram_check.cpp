#include "yoneda/study/diagram_check.hpp"

#include <algorithm>
#include <map>

#include "diagram_place.hpp"
#include "io/text.hpp"
#include "yoneda/study/representations.hpp"
#include "yoneda/study/steps.hpp"

namespace yoneda::study {
namespace {

/// Representations of all tokens, each made once.
class Representations {
 public:
  Representations(const Sources* sources, const ArrowsFile* arrows, const Progress& progress)
      : sources_(sources), arrows_(arrows), progress_(progress) {}

  const Representation& of(const std::string& name) {
    if (const auto found = made_.find(name); found != made_.end()) return found->second;
    if (!sources_)
      throw Error(ErrorKind::value,
                  "words are compared by the weights: name them with --sae and --model");
    if (needs_codes(name) && !codes_) codes_ = token_codes(*sources_, {}, progress_);
    return made_
        .emplace(name, representation(*sources_, arrows_, name, {}, codes_ ? &*codes_ : nullptr))
        .first->second;
  }

 private:
  const Sources* sources_;
  const ArrowsFile* arrows_;
  const Progress& progress_;
  std::optional<TokenCodes> codes_;
  std::map<std::string, Representation> made_;
};

template <class Options>
Options options_of(const DiagramStep& step) {
  Options options;
  if (step.samples > 0) options.samples = step.samples;
  options.seed = step.seed;
  options.rule = step.rule;
  return options;
}

RelationResult checked(const DiagramFile& file, const WrittenRelation& relation,
                       const std::vector<IdPair>& pairs, Representations& representations,
                       const DiagramStep& step, const Progress& progress) {
  const auto options = options_of<RelationOptions>(step);
  return io::naming(
      text_of(file.path, relation.place), "relation " + io::quote(relation.name), [&] {
        RelationResult result{relation, {}, Verdict::underpowered, {}};
        result.test = relation_test(representations.of(relation.in), pairs, options, progress);
        result.verdict = result.test.q.verdict;
        result.reason = result.test.q.reason;
        return result;
      });
}

GridResult checked(const DiagramFile& file, const WrittenGrid& grid, const Grid& items,
                   Representations& representations, const DiagramStep& step,
                   const Progress& progress) {
  const auto options = options_of<ProductOptions>(step);
  return io::naming(text_of(file.path, grid.place), "grid " + io::quote(grid.name), [&] {
    GridResult result{grid, {}, Verdict::underpowered, {}};
    result.test = product_test(representations.of(grid.in), items, options, progress);
    result.verdict = result.test.verdict;
    result.reason = result.test.reason;
    return result;
  });
}

SearchResult checked(const DiagramFile& file, const WrittenSearch& search,
                     const std::vector<Id>& from, const std::vector<Id>& candidates,
                     Representations& representations, const DiagramStep& step,
                     const Progress& progress) {
  auto options = options_of<GridSearchOptions>(step);
  options.rows = search.rows;
  options.candidates = candidates;
  return io::naming(text_of(file.path, search.place), "search " + io::quote(search.name), [&] {
    SearchResult result{search, {}, Verdict::underpowered, {}};
    result.search = grid_search(representations.of(search.in), from, options, progress);
    result.verdict = result.search.verdict;
    result.reason = result.search.reason;
    return result;
  });
}

std::vector<IdPair> pairs_of(const DiagramFile& file, const WrittenRelation& relation,
                             const DiagramWorld& world) {
  std::vector<IdPair> pairs;
  for (const auto& [first, second] : relation.pairs)
    pairs.push_back({looked_up(first, file.path, world), looked_up(second, file.path, world)});
  return pairs;
}

Grid items_of(const DiagramFile& file, const WrittenGrid& grid, const DiagramWorld& world) {
  Grid made{grid.rows, grid.columns, {}};
  for (const WrittenWord& word : grid.words) {
    const Id item = looked_up(word, file.path, world);
    if (std::ranges::find(made.items, item) != made.items.end())
      throw_at(ErrorKind::value, file.path, word.place,
               io::quote(word.text) + " is in the grid already");
    made.items.push_back(item);
  }
  return made;
}

std::vector<Id> row_of(const DiagramFile& file, const WrittenSearch& search,
                       const DiagramWorld& world) {
  std::vector<Id> row;
  for (const WrittenWord& word : search.from) {
    row.push_back(looked_up(word, file.path, world));
    if (std::ranges::find(row, row.back()) != row.end() - 1)
      throw_at(ErrorKind::value, file.path, word.place,
               io::quote(word.text) + " is in the row already");
  }
  return row;
}

/// Words that may begin a row, ascending: those named, or all that the arrows do not leave out.
std::vector<Id> candidates_of(const DiagramFile& file, const WrittenSearch& search,
                              const DiagramWorld& world) {
  std::vector<Id> candidates;
  for (const WrittenWord& word : search.among)
    candidates.push_back(looked_up(word, file.path, world));
  std::ranges::sort(candidates);
  candidates.erase(std::ranges::unique(candidates).begin(), candidates.end());
  if (!candidates.empty()) return candidates;
  for (Id t = 0; t < static_cast<Id>(world.V); ++t)
    if (!std::ranges::binary_search(world.excluded, t)) candidates.push_back(t);
  return candidates;
}

const Vocabulary* vocabulary_of(const ArrowsFile* arrows, const Sources* sources) {
  if (arrows && !arrows->vocabulary.empty()) return &arrows->vocabulary;
  return sources ? &sources->vocabulary : nullptr;
}

}  // namespace

bool passed(std::optional<Verdict> verdict, std::optional<Verdict> expected) {
  return expected ? verdict == expected : verdict != Verdict::does_not;
}

DiagramCounts counts(const DiagramCheck& check) {
  DiagramCounts counts;
  for_each_result(check, [&counts](const auto& result) {
    ++counts.all;
    counts.failed += !passed(result.verdict, result.written.expect);
    counts.commuting += result.verdict == Verdict::commutes;
  });
  return counts;
}

DiagramCheck make_diagram_check(const DiagramFile& file, const GraphFile& graph,
                                const ArrowsFile* arrows, const Sources* sources,
                                const Partition* categories, const DiagramStep& step,
                                const Progress& progress) {
  const ObjectArrows object_arrows(graph, arrows, sources);
  const Record& record = arrows ? arrows->record : graph.record;
  const std::vector<Id> excluded = object_arrows.tokens() > 0
                                       ? excluded_tokens(record, object_arrows.tokens())
                                       : std::vector<Id>();
  const DiagramWorld world{.features = object_arrows.features(),
                           .V = object_arrows.tokens(),
                           .vocabulary = vocabulary_of(arrows, sources),
                           .excluded = excluded,
                           .categories = categories};
  DiagramCheck check;
  check.file = file;
  check.members = looked_up(file, world);
  // Everything is looked up before anything is computed: a misspelt word should not take a minute.
  std::vector<std::vector<IdPair>> pairs;
  std::vector<Grid> grids;
  std::vector<std::vector<Id>> rows, candidates;
  for (const WrittenRelation& relation : file.relations)
    pairs.push_back(pairs_of(file, relation, world));
  for (const WrittenGrid& grid : file.grids) grids.push_back(items_of(file, grid, world));
  for (const WrittenSearch& search : file.searches) {
    rows.push_back(row_of(file, search, world));
    candidates.push_back(candidates_of(file, search, world));
  }

  for (const WrittenEquation& equation : file.equations)
    check.equations.push_back(
        checked(file, equation, check.members, object_arrows, world, step, progress));
  Representations representations(sources, arrows, progress);
  for (std::size_t i = 0; i < pairs.size(); ++i)
    check.relations.push_back(
        checked(file, file.relations[i], pairs[i], representations, step, progress));
  for (std::size_t i = 0; i < grids.size(); ++i)
    check.grids.push_back(checked(file, file.grids[i], grids[i], representations, step, progress));
  for (std::size_t i = 0; i < rows.size(); ++i)
    check.searches.push_back(
        checked(file, file.searches[i], rows[i], candidates[i], representations, step, progress));
  const auto note = [&check](const std::string& name, const std::vector<std::string>& notes) {
    for (const std::string& text : notes) check.notes.push_back(name + ": " + text);
  };
  for (const RelationResult& result : check.relations) note(result.written.name, result.test.notes);
  for (const GridResult& result : check.grids) note(result.written.name, result.test.notes);
  return check;
}

}  // namespace yoneda::study
