// Small contexts for tests, and their concepts by trying every set of tokens.
#pragma once

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "yoneda/category/formal_context.hpp"
#include "yoneda/core/random.hpp"

/// Feature f has token t where a coin of this bias says so.
inline yoneda::FormalContext random_context(yoneda::Index n, yoneda::Index V, double density,
                                            std::uint64_t seed) {
  yoneda::Random random(seed);
  std::vector<std::vector<yoneda::Id>> rows(n);
  for (auto& row : rows)
    for (yoneda::Id t = 0; t < V; ++t)
      if (random.uniform() < density) row.push_back(t);
  return yoneda::FormalContext::from_rows(rows, V);
}

using Tokens = std::vector<yoneda::Id>;

/// Whether a feature has a token, looked up and nothing else.
inline bool has(const yoneda::FormalContext& context, yoneda::Id feature, yoneda::Id token) {
  return std::ranges::count(context.tokens_of(feature), token) > 0;
}

inline Tokens features_with(const yoneda::FormalContext& context, const Tokens& tokens) {
  Tokens found;
  for (yoneda::Id f = 0; f < context.n(); ++f)
    if (std::ranges::all_of(tokens, [&](yoneda::Id t) { return has(context, f, t); }))
      found.push_back(f);
  return found;
}

/// The closure of a set of tokens, from the definition.
inline Tokens closed(const yoneda::FormalContext& context, const Tokens& tokens) {
  const Tokens features = features_with(context, tokens);
  Tokens found;
  for (yoneda::Id t = 0; t < context.V(); ++t)
    if (std::ranges::all_of(features, [&](yoneda::Id f) { return has(context, f, t); }))
      found.push_back(t);
  return found;
}

/// Every one of the 2^V sets of tokens.
inline std::vector<Tokens> all_sets(yoneda::Index V) {
  std::vector<Tokens> sets;
  for (yoneda::Index bits = 0; bits < yoneda::Index(1) << V; ++bits) {
    Tokens set;
    for (yoneda::Id t = 0; t < V; ++t)
      if (bits >> t & 1) set.push_back(t);
    sets.push_back(set);
  }
  return sets;
}

/// The tokens of every concept with at least so many features, in no order that matters.
inline std::set<Tokens> closed_sets(const yoneda::FormalContext& context,
                                    yoneda::Index min_support) {
  std::set<Tokens> found;
  for (const Tokens& set : all_sets(context.V()))
    if (std::ssize(features_with(context, set)) >= min_support) found.insert(closed(context, set));
  return found;
}

/// Contexts with what goes wrong most easily, and random ones.
inline std::vector<yoneda::FormalContext> small_contexts() {
  using yoneda::FormalContext;
  std::vector<FormalContext> made{
      FormalContext::from_rows({{0, 1, 2}}, 3),                   // one feature has all
      FormalContext::from_rows({{}}, 3),                          // or nothing
      FormalContext::from_rows({{}, {}, {}}, 0),                  // no tokens
      FormalContext::from_rows({{0, 2}, {0, 2}, {0, 2}}, 4),      // copies
      FormalContext::from_rows({{0, 1, 2}, {}, {0}, {0, 1}}, 3),  // a chain, an empty row
      FormalContext::from_rows({{0, 1}, {0, 2}, {0, 1, 2}}, 4),   // a full column, an empty one
      FormalContext::from_rows({{1, 2}, {0, 2}, {0, 1}}, 3),      // all but one: a cube
      FormalContext::from_rows({{1, 2, 3}, {0, 2, 3}, {0, 1, 3}, {0, 1, 2}}, 4)};
  for (std::uint64_t seed = 0; seed < 40; ++seed)
    made.push_back(random_context(2 + static_cast<yoneda::Index>(seed % 9),
                                  1 + static_cast<yoneda::Index>(seed % 8),
                                  0.2 + 0.015 * static_cast<double>(seed), seed));
  return made;
}
