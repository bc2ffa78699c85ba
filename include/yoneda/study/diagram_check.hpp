// What a diagram file says, checked: every equation, relation, grid and search with its
// verdict.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "yoneda/category/grid_search.hpp"
#include "yoneda/category/products.hpp"
#include "yoneda/category/relations.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/null/verdict.hpp"
#include "yoneda/study/equation_check.hpp"

namespace yoneda::study {

struct RelationResult {
  WrittenRelation written;
  RelationTest test;
  Verdict verdict = Verdict::underpowered;  ///< that of Q
  std::string reason;
};

struct GridResult {
  WrittenGrid written;
  ProductTest test;
  Verdict verdict = Verdict::underpowered;
  std::string reason;
};

struct SearchResult {
  WrittenSearch written;
  GridSearch search;
  Verdict verdict = Verdict::underpowered;
  std::string reason;
};

struct DiagramCheck {
  DiagramFile file;
  std::vector<Members> members;  ///< of the file's objects
  std::vector<EquationResult> equations;
  std::vector<RelationResult> relations;
  std::vector<GridResult> grids;
  std::vector<SearchResult> searches;
  std::vector<std::string> notes;
};

/// visit(result) for every equation, relation, grid and search, in this order.
template <class Visit>
void for_each_result(const DiagramCheck& check, const Visit& visit) {
  std::ranges::for_each(check.equations, visit);
  std::ranges::for_each(check.relations, visit);
  std::ranges::for_each(check.grids, visit);
  std::ranges::for_each(check.searches, visit);
}

/// Whether an outcome is what was expected of it; where nothing was, anything but `does not`.
bool passed(std::optional<Verdict> verdict, std::optional<Verdict> expected);

/// How many did not pass, and how many have the verdict `commutes`.
struct DiagramCounts {
  Index all = 0, failed = 0, commuting = 0;
};
DiagramCounts counts(const DiagramCheck& check);

/// The whole file. `arrows`, `sources`, `categories` may be null: what needs them is then an error.
DiagramCheck make_diagram_check(const DiagramFile& file, const GraphFile& graph,
                                const ArrowsFile* arrows, const Sources* sources,
                                const Partition* categories, const DiagramStep& step,
                                const Progress& progress = {});

}  // namespace yoneda::study
