// Implications between tokens: features that have these tokens have those, too, all of them or
// most.
//
// Of all implications that hold in a context only those are kept that the others do not follow
// from. Exact ones run from a minimal generator, a smallest set of tokens with its closure, to the
// rest of the closure (the generic base; Bastide, Pasquier, Taouil, Stumme, Lakhal 2000, Mining
// minimal non-redundant association rules using frequent closed itemsets). Partial ones run from a
// concept to one next below it (Luxenburger 1991, Implications partielles dans un contexte): their
// confidence is the ratio of the two supports, and that of any other partial implication a product
// of such ratios along a path.
#pragma once

#include <algorithm>
#include <atomic>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/concept_lattice.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// A feature that has the premise has the conclusion: `support` of `premise_support` features do.
struct Implication {
  std::vector<Id> premise, conclusion;  ///< tokens, ascending, none in both
  Index premise_support = 0, support = 0;

  bool exact() const { return support == premise_support; }
  double confidence() const {
    return static_cast<double>(support) / static_cast<double>(premise_support);
  }
  friend bool operator==(const Implication&, const Implication&) = default;
};

namespace detail {

inline std::vector<Id> difference(const std::vector<Id>& from, const std::vector<Id>& of) {
  std::vector<Id> made;
  std::ranges::set_difference(from, of, std::back_inserter(made));
  return made;
}

inline bool meets(const std::vector<Id>& a, const std::vector<Id>& b) {
  std::vector<Id> common;
  std::ranges::set_intersection(a, b, std::back_inserter(common));
  return !common.empty();
}

[[noreturn]] inline void refuse_more_than(Index most) {
  throw Error(
      ErrorKind::value,
      "more than " + std::to_string(most) +
          " exact implications: ask for a larger support, or take fewer tokens per feature");
}

/// The smallest sets that meet every one of `faces`, one face after the other: sets that meet the
/// next stay, the others are joined by each of its tokens unless that holds a set that stayed
/// (Berge 1989, Hypergraphs). Throws Error{value} for more than `most`.
inline std::vector<std::vector<Id>> minimal_transversals(std::vector<std::vector<Id>> faces,
                                                         Index most) {
  std::ranges::stable_sort(faces, {}, [](const auto& face) { return face.size(); });
  std::vector<std::vector<Id>> found{{}};
  for (const auto& face : faces) {
    const auto rest =
        std::ranges::stable_partition(found, [&face](const auto& set) { return meets(set, face); });
    const std::vector<std::vector<Id>> missed(rest.begin(), rest.end());
    found.erase(rest.begin(), rest.end());
    const auto stayed = std::ssize(found);
    for (const auto& set : missed)
      for (const Id token : face) {
        std::vector<Id> grown = set;
        grown.insert(std::ranges::upper_bound(grown, token), token);
        if (std::any_of(found.begin(), found.begin() + stayed,
                        [&](const auto& kept) { return std::ranges::includes(grown, kept); }))
          continue;
        found.push_back(std::move(grown));
        if (std::ssize(found) > most) refuse_more_than(most);
      }
  }
  std::ranges::sort(found);
  return found;
}

/// The minimal generators of a concept's tokens: they meet what the tokens have more than those of
/// each concept next above (Pfaltz, Taylor 2002, Scientific knowledge discovery through iterative
/// transformation of concept lattices).
inline std::vector<std::vector<Id>> minimal_generators(const ConceptLattice& lattice, Id of,
                                                       Index most) {
  std::vector<std::vector<Id>> faces;
  for (const Id above : lattice.upper[of])
    faces.push_back(difference(lattice.concepts[of].tokens, lattice.concepts[above].tokens));
  return minimal_transversals(std::move(faces), most);
}

}  // namespace detail

/// The generic base of the exact implications whose premise at least min_support features have:
/// most features first, then the shortest premise, then the order of tokens. Throws Error{value}
/// for more than `most`, as soon as there are, Error{cancelled} where progress asks to stop. Cost:
/// for each concept its generators times the concepts next above it.
inline std::vector<Implication> exact_implications(const ConceptLattice& lattice,
                                                   Index most = 1'000'000,
                                                   const Progress& progress = {}) {
  std::vector<std::vector<Implication>> of(lattice.frequent());
  constexpr Index block = 64;
  const Index count = lattice.frequent();
  std::atomic<Index> total = 0;
  parallel_for(
      (count + block - 1) / block,
      [&](Index b) {
        for (Index c = b * block; c < std::min(count, (b + 1) * block); ++c) {
          const Concept& closed = lattice.concepts[c];
          for (auto& premise : detail::minimal_generators(lattice, static_cast<Id>(c), most)) {
            std::vector<Id> rest = detail::difference(closed.tokens, premise);
            if (!rest.empty())
              of[c].push_back(
                  {std::move(premise), std::move(rest), closed.support(), closed.support()});
          }
          total += std::ssize(of[c]);
          if (total > most) detail::refuse_more_than(most);
        }
      },
      progress, "implications");
  std::vector<Implication> found;
  for (auto& part : of) std::ranges::move(part, std::back_inserter(found));
  std::ranges::sort(found, [](const Implication& a, const Implication& b) {
    if (a.support != b.support) return a.support > b.support;
    if (a.premise.size() != b.premise.size()) return a.premise.size() < b.premise.size();
    return a.premise < b.premise;
  });
  return found;
}

/// The Luxenburger base of the partial implications of at least this confidence, in (0, 1]: the
/// most confident first, then of most features, then the order of tokens. A bottom that was added
/// has no part in it. Throws Error{value} for another confidence. Cost: the covers.
inline std::vector<Implication> partial_implications(const ConceptLattice& lattice,
                                                     double confidence) {
  if (!(confidence > 0 && confidence <= 1))
    throw Error(ErrorKind::value,
                "a confidence lies above 0 and up to 1, not at " + std::to_string(confidence));
  std::vector<Implication> found;
  for (Id above = 0; above < lattice.frequent(); ++above)
    for (const Id below : lattice.lower[above]) {
      if (below >= lattice.frequent()) continue;
      const Concept &from = lattice.concepts[above], &to = lattice.concepts[below];
      Implication rule{from.tokens, detail::difference(to.tokens, from.tokens), from.support(),
                       to.support()};
      if (rule.confidence() >= confidence) found.push_back(std::move(rule));
    }
  std::ranges::sort(found, [](const Implication& a, const Implication& b) {
    const Index left = a.support * b.premise_support, right = b.support * a.premise_support;
    if (left != right) return left > right;
    if (a.support != b.support) return a.support > b.support;
    return std::pair(a.premise, a.conclusion) < std::pair(b.premise, b.conclusion);
  });
  return found;
}

}  // namespace yoneda
