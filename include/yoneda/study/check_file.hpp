// check.json: what was found about a graph's diagrams, and what a null says of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "yoneda/category/balance.hpp"
#include "yoneda/category/category_frustration.hpp"
#include "yoneda/category/feature_frustration.hpp"
#include "yoneda/category/frustration.hpp"
#include "yoneda/category/squares.hpp"
#include "yoneda/category/triangles.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/model/vocabulary.hpp"
#include "yoneda/null/feature_p.hpp"
#include "yoneda/null/verdict.hpp"
#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/graph_file.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

/// Everything `yoneda check` finds.
struct Check {
  Balance balance;
  CycleBalance triangles;
  std::optional<CycleBalance> squares;       ///< of a virtual graph, which has no triangles
  std::optional<IsotropicExcess> isotropic;  ///< of a decoder graph whose SAE is at hand
  WalkBalance walks;
  FrustrationBounds frustration;
  FeatureFrustration by_feature;
  std::vector<Id> most_frustrated;               ///< features, most frustrated first
  FeatureP feature_p;                            ///< of their frustration; empty without a null
  std::vector<CategoryFrustration> by_category;  ///< empty where there are no categories
  std::vector<Triangle> failures;                ///< the strongest unbalanced triangles
  std::vector<NullTest> tests;                   ///< empty where no null was possible
  Index null_features = 0, null_tokens = 0;      ///< what observation and null were computed on
  std::vector<std::string> notes;
};

/// Balance, triangles, walks and frustration of an undirected graph; no null. A virtual graph is
/// checked without its directions, and by squares. Throws Error{value} for another directed graph.
/// `failures` keeps the `strongest` unbalanced triangles by |ab · ac · bc|.
Check check_graph(const SignedGraph& graph, Index strongest = 50);

/// Writes atomically. Words come from `arrows` (null: ids alone). What an earlier check of the same
/// graph says of diagrams and equations is kept. Throws Error{file}.
void write_check(const std::string& path, const Check& check, const GraphFile& graph,
                 const ArrowsFile* arrows, const Record& record);

}  // namespace yoneda::study
