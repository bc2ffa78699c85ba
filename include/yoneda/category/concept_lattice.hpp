// Concepts: the largest blocks of a context, features that all have the same tokens; and how they
// are ordered.
//
// A concept is a pair (A, B) with A = B' and B = A'. There can be exponentially many, so only those
// with at least `min_support` features are looked for. They are found by FCbO (Outrata, Vychodil
// 2012, Fast algorithm for computing fixpoints of Galois connections induced by object-attribute
// relational data): from a concept (A, B) every further token j leads to the closure D of B ∪ {j},
// and D is met for the first time exactly where it agrees with B on all tokens before j, the
// canonicity test. A closure that fails the test below j fails it in all descendants too, unless
// they have gained what was missing; so failures are handed down, and spare closures. Tokens are
// tried in the order of their support, the rare ones first, which makes most tests succeed.
#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <iterator>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/formal_context.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Features that have all these tokens and no other in common, and all the features that do.
struct Concept {
  std::vector<Id> features;  ///< the extent, ascending
  std::vector<Id> tokens;    ///< the intent, ascending

  Index support() const { return static_cast<Index>(features.size()); }
  friend bool operator==(const Concept&, const Concept&) = default;
};

struct ConceptOptions {
  Index min_support = 1;  ///< features that a concept has at least
  Index most = 200'000;   ///< concepts; more are an error, never a cut
};

struct FrequentConcepts {
  std::vector<Concept> concepts;  ///< most features first, then in the order of their tokens
  Index closures = 0;             ///< that were computed on the way
  Index spared = 0;               ///< that a failure handed down made needless
};

namespace detail {

/// The tokens that at least min_support features have, renumbered by rank: the rare ones first,
/// ties by id.
class FrequentTokens {
 public:
  FrequentTokens(const FormalContext& context, Index min_support) : rank_(context.V(), -1) {
    const auto support = [&](Id t) { return std::ssize(context.features_of(t)); };
    for (Id t = 0; t < context.V(); ++t)
      if (support(t) >= min_support) tokens_.push_back(t);
    std::ranges::stable_sort(tokens_, {}, support);
    for (std::size_t r = 0; r < tokens_.size(); ++r) rank_[tokens_[r]] = static_cast<Id>(r);
    rows_.resize(context.n());
    for (Id f = 0; f < context.n(); ++f) rows_[f] = ranks(context.tokens_of(f));
  }

  Index count() const { return static_cast<Index>(tokens_.size()); }
  std::span<const Id> row(Id feature) const { return rows_[feature]; }

  std::vector<Id> ranks(std::span<const Id> tokens) const { return mapped(tokens, rank_); }
  std::vector<Id> tokens(std::span<const Id> ranks) const { return mapped(ranks, tokens_); }

 private:
  static std::vector<Id> mapped(std::span<const Id> ids, const std::vector<Id>& to) {
    std::vector<Id> made;
    for (const Id id : ids)
      if (to[id] >= 0) made.push_back(to[id]);
    std::ranges::sort(made);
    return made;
  }

  std::vector<Id> tokens_, rank_;
  std::vector<std::vector<Id>> rows_;
};

/// A token, by rank, and the features that have it among those of a concept.
struct Extension {
  Id rank;
  std::vector<Id> features;
};

/// Closures and extensions in a context; one for each thread, as it keeps its memory.
class Closures {
 public:
  Closures(const FrequentTokens& tokens, Index min_support)
      : tokens_(tokens),
        min_support_(min_support),
        level_(tokens.count(), 0),
        count_(tokens.count(), 0),
        place_(tokens.count(), -1) {}

  /// A' by rank, of at least one feature. Cost: the tokens of the features.
  std::vector<Id> common(std::span<const Id> features) {
    // level: the number of features, from the first on, that all have the token
    const auto first = tokens_.row(features[0]);
    for (const Id r : first) level_[r] = 1;
    for (std::size_t i = 1; i < features.size(); ++i)
      for (const Id r : tokens_.row(features[i]))
        if (level_[r] == i) ++level_[r];
    std::vector<Id> made;
    for (const Id r : first) {
      if (level_[r] == features.size()) made.push_back(r);
      level_[r] = 0;
    }
    return made;
  }

  /// Every rank from `from` on, outside of `intent`, that at least min_support of the features
  /// have, ascending. Cost: the tokens of the features.
  std::vector<Extension> extensions(std::span<const Id> features, std::span<const Id> intent,
                                    Id from) {
    const auto each_pair = [&](const auto& visit) {
      for (const Id f : features) {
        const auto row = tokens_.row(f);
        for (auto r = std::ranges::lower_bound(row, from); r != row.end(); ++r) visit(f, *r);
      }
    };
    std::vector<Id> frequent;  // few, of the many that are met
    each_pair([&](Id, Id r) {
      if (++count_[r] == min_support_) frequent.push_back(r);
    });
    std::ranges::sort(frequent);
    std::vector<Extension> made;
    for (const Id r : frequent) {
      if (std::ranges::binary_search(intent, r)) continue;
      place_[r] = std::ssize(made);
      made.push_back({r, {}});
      made.back().features.reserve(count_[r]);
    }
    each_pair([&](Id f, Id r) {
      count_[r] = 0;
      if (place_[r] >= 0) made[place_[r]].features.push_back(f);
    });
    for (const Extension& extension : made) place_[extension.rank] = -1;
    return made;
  }

 private:
  const FrequentTokens& tokens_;
  Index min_support_;
  std::vector<std::size_t> level_;
  std::vector<Index> count_, place_;
};

/// Whether two sets of ranks, ascending, agree on all ranks before j.
inline bool agree_before(Id j, std::span<const Id> a, std::span<const Id> b) {
  const auto before = [j](std::span<const Id> set) {
    return set.first(std::ranges::lower_bound(set, j) - set.begin());
  };
  return std::ranges::equal(before(a), before(b));
}

/// The same, where the one may hold more.
inline bool within_before(Id j, std::span<const Id> part, std::span<const Id> whole) {
  const auto end = std::ranges::lower_bound(part, j);
  return std::ranges::includes(whole, std::span(part.begin(), end));
}

/// Counts across threads; more than `most` of all is an error whatever the threads.
class ConceptLimit {
 public:
  explicit ConceptLimit(const ConceptOptions& options) : options_(options) {}

  void count_one() {
    if (++count_ > options_.most)
      throw Error(ErrorKind::value,
                  "more than " + std::to_string(options_.most) + " concepts have at least " +
                      std::to_string(options_.min_support) +
                      (options_.min_support == 1 ? " feature" : " features") +
                      ": ask for a larger support, or take fewer tokens per feature");
  }

 private:
  const ConceptOptions& options_;
  std::atomic<Index> count_{0};
};

/// A concept by ranks, and the first rank that it may be extended by.
struct SearchNode {
  std::vector<Id> features, intent;
  Id next = 0;
};

/// The closure that failed the canonicity test at a rank; it lives where it failed.
struct FailedTest {
  Id rank;
  const std::vector<Id>* closure;
};

/// The children of a node, in the order of their ranks, and what failed.
struct Expanded {
  std::vector<SearchNode> children;
  std::vector<FailedTest> failed;  // ascending by rank: own ones and inherited ones that still fail
  std::deque<std::vector<Id>> closures;
  Index computed = 0, spared = 0;
};

inline Expanded expanded(const SearchNode& node, std::span<const FailedTest> inherited,
                         Closures& closures) {
  Expanded made;
  auto known = inherited.begin();
  for (Extension& extension : closures.extensions(node.features, node.intent, node.next)) {
    const Id j = extension.rank;
    while (known != inherited.end() && known->rank < j) ++known;
    if (known != inherited.end() && known->rank == j &&
        !within_before(j, *known->closure, node.intent)) {
      made.failed.push_back(*known);
      ++made.spared;
      continue;
    }
    std::vector<Id> closure = closures.common(extension.features);
    ++made.computed;
    if (agree_before(j, closure, node.intent)) {
      made.children.push_back({std::move(extension.features), std::move(closure), j + 1});
    } else {
      made.closures.push_back(std::move(closure));
      made.failed.push_back({j, &made.closures.back()});
    }
  }
  return made;
}

/// Everything below a node, itself included. As deep as a feature has tokens.
inline void collect(const SearchNode& node, std::span<const FailedTest> inherited,
                    Closures& closures, ConceptLimit& limit, FrequentConcepts& found) {
  limit.count_one();
  found.concepts.push_back({node.features, node.intent});
  const Expanded next = expanded(node, inherited, closures);
  found.closures += next.computed;
  found.spared += next.spared;
  for (const SearchNode& child : next.children) collect(child, next.failed, closures, limit, found);
}

/// Larger support first, then the order of the tokens.
inline bool comes_before(const Concept& a, const Concept& b) {
  return a.support() != b.support() ? a.support() > b.support() : a.tokens < b.tokens;
}

inline void require_valid(const ConceptOptions& options, Index n) {
  if (options.min_support < 1)
    throw Error(ErrorKind::value, "a concept has a support of at least 1, not " +
                                      std::to_string(options.min_support));
  if (options.min_support > n)
    throw Error(ErrorKind::value, "no concept has " + std::to_string(options.min_support) +
                                      " features: there are " + std::to_string(n));
}

/// Work in blocks that do not depend on the threads, and no more of them than are worth the memory
/// that Closures clear at the start.
class Blocks {
 public:
  explicit Blocks(Index items) : items_(items), size_(std::max<Index>(1, items / 256)) {}
  Index count() const { return (items_ + size_ - 1) / size_; }
  Index begin(Index block) const { return std::min(items_, block * size_); }

 private:
  Index items_, size_;
};

inline FrequentConcepts frequent_concepts(const FormalContext& context,
                                          const FrequentTokens& tokens,
                                          const ConceptOptions& options, const Progress& progress) {
  SearchNode top;
  top.features.resize(context.n());
  std::iota(top.features.begin(), top.features.end(), Id{0});
  Closures closures(tokens, options.min_support);
  top.intent = closures.common(top.features);
  ConceptLimit limit(options);
  limit.count_one();
  const Expanded first = expanded(top, {}, closures);
  const Blocks blocks(std::ssize(first.children));
  std::vector<FrequentConcepts> parts(blocks.count());
  parallel_for(
      blocks.count(),
      [&](Index b) {
        Closures own(tokens, options.min_support);
        for (Index i = blocks.begin(b); i < blocks.begin(b + 1); ++i)
          collect(first.children[i], first.failed, own, limit, parts[b]);
      },
      progress, "concepts");

  FrequentConcepts found{{{top.features, top.intent}}, first.computed, 0};
  for (FrequentConcepts& part : parts) {
    std::ranges::move(part.concepts, std::back_inserter(found.concepts));
    found.closures += part.closures;
    found.spared += part.spared;
  }
  for (Concept& each : found.concepts) each.tokens = tokens.tokens(each.tokens);
  std::ranges::sort(found.concepts, comes_before);
  return found;
}

}  // namespace detail

/// All concepts with at least min_support features. The first is the top: all features, and the
/// tokens that all of them have, mostly none. The same for any number of threads. Throws
/// Error{value} for a min_support below 1 or above n, and where there are more than `most`
/// concepts; Error{cancelled}. Cost: with k tokens per feature, (support · k) for every concept and
/// closure.
inline FrequentConcepts frequent_concepts(const FormalContext& context,
                                          const ConceptOptions& options = {},
                                          const Progress& progress = {}) {
  detail::require_valid(options, context.n());
  const detail::FrequentTokens tokens(context, options.min_support);
  return detail::frequent_concepts(context, tokens, options, progress);
}

/// The frequent concepts in their order: one below another where it has fewer features and more
/// tokens. They are closed under joins alone, so below all of them stands the bottom, with all
/// tokens and the features that have them all (mostly none): the one concept that may be of less
/// support than asked for.
struct ConceptLattice {
  std::vector<Concept> concepts;       ///< top first, bottom last
  std::vector<std::vector<Id>> lower;  ///< the covering relation: next below each, ascending
  std::vector<std::vector<Id>> upper;  ///< next above each, ascending
  Index n = 0, min_support = 0;
  bool bottom_added = false;  ///< the last concept is below min_support
  Index closures = 0, spared = 0;

  /// How many there are without a bottom that was added.
  Index frequent() const { return std::ssize(concepts) - (bottom_added ? 1 : 0); }
  Index cover_count() const {
    Index sum = 0;
    for (const auto& below : lower) sum += std::ssize(below);
    return sum;
  }
};

namespace detail {

/// The concept with these features' support and these tokens; it is there.
inline Id index_of(std::span<const Concept> concepts, const Concept& wanted) {
  return static_cast<Id>(std::ranges::lower_bound(concepts, wanted, comes_before) -
                         concepts.begin());
}

/// The concepts next below one. B ∪ {t} leads to a lower neighbour exactly where every other token
/// gained on the way leads to the same, that is, cuts the features to as few (Lindig 2000, Fast
/// concept analysis).
inline std::vector<Id> lower_neighbors(std::span<const Concept> concepts, const Concept& of,
                                       const FrequentTokens& tokens, Closures& closures) {
  const std::vector<Id> intent = tokens.ranks(of.tokens);
  const auto extensions = closures.extensions(of.features, intent, 0);
  const auto support = [&](Id rank) {
    return std::ranges::lower_bound(extensions, rank, {}, &Extension::rank)->features.size();
  };
  std::vector<Id> found;
  for (const Extension& extension : extensions) {
    std::vector<Id> closure = closures.common(extension.features), gained;
    std::ranges::set_difference(closure, intent, std::back_inserter(gained));
    const bool first = gained.front() == extension.rank;  // else another token led there
    if (first &&
        std::ranges::all_of(gained, [&](Id r) { return support(r) == extension.features.size(); }))
      found.push_back(index_of(concepts, {extension.features, tokens.tokens(closure)}));
  }
  std::ranges::sort(found);
  return found;
}

inline std::vector<std::vector<Id>> reversed(const std::vector<std::vector<Id>>& lists) {
  std::vector<std::vector<Id>> made(lists.size());
  for (std::size_t i = 0; i < lists.size(); ++i)
    for (const Id j : lists[i]) made[j].push_back(static_cast<Id>(i));
  return made;
}

/// Puts the bottom below every concept that has nothing below, unless it is among them.
inline void add_bottom(ConceptLattice& lattice, const FormalContext& context) {
  Concept bottom;
  bottom.tokens.resize(context.V());
  std::iota(bottom.tokens.begin(), bottom.tokens.end(), Id{0});
  bottom.features = context.common_features(bottom.tokens);
  if (bottom.support() >= lattice.min_support) return;
  const auto id = static_cast<Id>(lattice.concepts.size());
  for (auto& below : lattice.lower)
    if (below.empty()) below.push_back(id);
  lattice.concepts.push_back(std::move(bottom));
  lattice.lower.emplace_back();
  lattice.bottom_added = true;
}

}  // namespace detail

/// The lattice of the concepts with at least min_support features. Throws as frequent_concepts.
/// Cost: that, and for every concept (its extensions) · (their support) · k.
inline ConceptLattice concept_lattice(const FormalContext& context,
                                      const ConceptOptions& options = {},
                                      const Progress& progress = {}) {
  detail::require_valid(options, context.n());
  const detail::FrequentTokens tokens(context, options.min_support);
  FrequentConcepts found = detail::frequent_concepts(context, tokens, options, progress);
  ConceptLattice lattice;
  lattice.concepts = std::move(found.concepts);
  lattice.n = context.n();
  lattice.min_support = options.min_support;
  lattice.closures = found.closures;
  lattice.spared = found.spared;
  const detail::Blocks blocks(std::ssize(lattice.concepts));
  lattice.lower.resize(lattice.concepts.size());
  parallel_for(
      blocks.count(),
      [&](Index b) {
        detail::Closures closures(tokens, options.min_support);
        for (Index c = blocks.begin(b); c < blocks.begin(b + 1); ++c)
          lattice.lower[c] =
              detail::lower_neighbors(lattice.concepts, lattice.concepts[c], tokens, closures);
      },
      progress, "covers");
  detail::add_bottom(lattice, context);
  lattice.upper = detail::reversed(lattice.lower);
  return lattice;
}

}  // namespace yoneda
