// Relation squares: is the difference from a to b the same for all pairs of a relation?
//
//     a_i ---> b_i
//      |        |        commutes where b_i − a_i = b_j − a_j: then b_i = a_i + (b_j − a_j),
//     a_j ---> b_j       the analogy "a_j is to b_j as a_i is to b_i" (Mikolov, Yih, Zweig 2013,
//                        Linguistic regularities in continuous space word representations).
//
// The unit is the pair, never the quadruple: m pairs make m (m − 1) quadruples that say the same
// things again, and shuffling those gives a p that is far too small.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/representation.hpp"
#include "yoneda/core/disjoint_sets.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/id_pair.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/vector_unit.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda {

/// Fewer pairs, or fewer that share no word, are too few to tell a relation from its nulls.
inline constexpr Index least_pairs = 8;

struct RelationOptions {
  Index samples = 1000;  ///< draws of each null
  std::uint64_t seed = 1;
  VerdictRule rule = {};
};

/// How well the other pairs foretell this one.
struct PairResult {
  IdPair pair;
  double cosine = 0;   ///< cos(D_i, D̄_−i)
  Index rank = 0;      ///< of b_i around a_i + D̄_−i, 1 for the nearest
  double reached = 0;  ///< cos(a_i + D̄_−i, b_i)
  Id rival = -1;       ///< the nearest item but a_i and b_i; -1 where there is none
  double rival_cosine = 0;
};

/// One number against both nulls. Commutes only where both say so.
struct RelationStatistic {
  NullTest swap;     ///< is there a direction?
  NullTest re_pair;  ///< is it this pairing, not just two types of word?
  Verdict verdict = Verdict::underpowered;
  std::string reason;

  double observed() const { return swap.observed; }
};

struct RelationTest {
  std::string representation;
  std::vector<PairResult> pairs;  ///< distinct, in the order given
  std::vector<Index> failures;    ///< pairs whose b is not the nearest, the worst rank first
  Index units = 0;                ///< groups of pairs that share no word with each other
  RelationStatistic q;            ///< Q = (1/m) Σ cos(D_i, D̄_−i)
  RelationStatistic hit;          ///< share of pairs with rank 1
  RelationStatistic mrr;          ///< mean of 1 / rank
  std::vector<std::string> notes;
};

namespace detail {

/// Which point is first and which second in every pair.
struct Arrangement {
  std::vector<Id> a, b;
};

/// The pairs as places in the list of their words.
struct PlacedPairs {
  std::vector<Id> words;  ///< ascending, each once
  Arrangement pairs;
  std::vector<Id> group;  ///< of every pair; pairs that share a word, directly or not, have one
  Index groups = 0;
};

inline PlacedPairs placed(std::span<const IdPair> pairs) {
  PlacedPairs made;
  for (const auto& [a, b] : pairs) made.words.insert(made.words.end(), {a, b});
  std::ranges::sort(made.words);
  made.words.erase(std::ranges::unique(made.words).begin(), made.words.end());
  const auto place = [&](Id word) {
    return static_cast<Id>(std::ranges::lower_bound(made.words, word) - made.words.begin());
  };
  DisjointSets joined(static_cast<Index>(made.words.size()));
  for (const auto& [a, b] : pairs) {
    made.pairs.a.push_back(place(a));
    made.pairs.b.push_back(place(b));
    joined.join(made.pairs.a.back(), made.pairs.b.back());
  }
  std::vector<Id> name(made.words.size(), -1);
  for (const Id a : made.pairs.a) {
    Id& group = name[joined.find(a)];
    if (group < 0) group = static_cast<Id>(made.groups++);
    made.group.push_back(group);
  }
  return made;
}

/// Exchanges a and b in every group whose coin says so.
inline Arrangement swapped(const PlacedPairs& placed, Random& random) {
  std::vector<char> coin(placed.groups);
  for (char& side : coin) side = static_cast<char>(random.bits() >> 63);
  Arrangement drawn = placed.pairs;
  for (std::size_t i = 0; i < drawn.a.size(); ++i)
    if (coin[placed.group[i]]) std::swap(drawn.a[i], drawn.b[i]);
  return drawn;
}

inline bool distinct_pairs(const Arrangement& of) {
  std::vector<std::pair<Id, Id>> pairs;
  for (std::size_t i = 0; i < of.a.size(); ++i) {
    if (of.a[i] == of.b[i]) return false;
    pairs.emplace_back(of.a[i], of.b[i]);
  }
  std::ranges::sort(pairs);
  return std::ranges::adjacent_find(pairs) == pairs.end();
}

/// Deals the b out again, every way equally likely in which no pair comes twice and no word meets
/// itself, as none does among the pairs observed. (Drawn until one is such a way.)
inline Arrangement re_paired(const PlacedPairs& placed, Random& random) {
  constexpr Index most_tries = 100'000;
  Arrangement drawn = placed.pairs;
  for (Index attempt = 0; attempt < most_tries; ++attempt) {
    shuffle(std::span<Id>(drawn.b), random);
    if (distinct_pairs(drawn)) return drawn;
  }
  throw Error(ErrorKind::numeric,
              "the pairs share so many words that no other pairing was found in " +
                  std::to_string(most_tries) + " tries; give pairs with words of their own");
}

/// cos(D_i, Σ_{j≠i} D_j) of every pair, from the inner products K of the words; 0 where either is
/// the zero vector. Cost: m².
inline std::vector<double> offset_cosines(const Eigen::MatrixXd& K, const Arrangement& of) {
  const auto m = static_cast<Index>(of.a.size());
  Eigen::MatrixXd products(m, m);  // of the D
  for (Index j = 0; j < m; ++j)
    for (Index i = 0; i < m; ++i)
      products(i, j) =
          (K(of.b[i], of.b[j]) - K(of.a[i], of.b[j])) - (K(of.b[i], of.a[j]) - K(of.a[i], of.a[j]));
  const Eigen::VectorXd with_all = products.rowwise().sum();
  const double all = with_all.sum(), tiny = 1e-14 * products.trace();
  std::vector<double> cosines(m, 0.0);
  for (Index i = 0; i < m; ++i) {
    const double own = products(i, i), rest = all - 2 * with_all(i) + own;
    if (own > tiny && rest > tiny)
      cosines[i] = std::clamp((with_all(i) - own) / std::sqrt(own * rest), -1.0, 1.0);
  }
  return cosines;
}

/// Cosines of a block of items with the words, but for ‖word‖, and the same times m.
class CandidateBlock {
 public:
  static constexpr Index size = 128;
  using Row = std::array<double, size>;

  CandidateBlock(Index words, Index pairs)
      : factor_(static_cast<double>(pairs)), plain_(words), times_(words), products_(words) {}

  void read(const PointProducts& words, Index count, const auto& item) {
    count_ = count;
    for (Index v = 0; v < size; ++v) {
      const double norm = v < count ? words.of(item(v), products_) : 0;
      for (std::size_t p = 0; p < products_.size(); ++p) {
        plain_[p][v] = norm > 0 ? products_[p] / norm : 0;
        times_[p][v] = factor_ * plain_[p][v];
      }
    }
  }

  Index count() const { return count_; }
  const double* plain(Id word) const { return plain_[word].data(); }
  const double* times(Id word) const { return times_[word].data(); }

  /// Of every item v: Σ_j ⟨D_j, v⟩ / ‖v‖, -∞ behind the last item.
  Row sum(const Arrangement& of) const;

  /// Item v's score around a_i + D̄_−i: its cosine, times the norm of that point and m − 1. Only
  /// sums, so that no compiler can fuse them: equal rows have equal scores.
  double score(const Row& sum, const Arrangement& of, Index i, Index v) const {
    return (sum[v] + times(of.a[i])[v]) - plain(of.b[i])[v];
  }

 private:
  double factor_;
  std::vector<Row> plain_, times_;
  std::vector<double> products_;
  Index count_ = 0;
};

[[gnu::always_inline]] inline void add_difference(double* __restrict sum, const double* b,
                                                  const double* a) {
  for (Index v = 0; v < CandidateBlock::size; ++v) sum[v] += b[v] - a[v];
}

[[gnu::always_inline]] inline Index count_at_least(double bound, const double* sum,
                                                   const double* times_a, const double* b) {
  Index count = 0;
  for (Index v = 0; v < CandidateBlock::size; ++v) count += (sum[v] + times_a[v]) - b[v] >= bound;
  return count;
}

inline CandidateBlock::Row CandidateBlock::sum(const Arrangement& of) const {
  Row row;
  std::fill(row.begin(), row.begin() + count_, 0.0);
  std::fill(row.begin() + count_, row.end(), -std::numeric_limits<double>::infinity());
  for (std::size_t j = 0; j < of.a.size(); ++j)
    with_simd<add_difference>(row.data(), plain(of.b[j]), plain(of.a[j]));
  return row;
}

/// Arrangements whose Σ D is that of the one before them: dealing the b out again does not change
/// it.
struct Arrangements {
  std::vector<Arrangement> all;  ///< observed, swapped, re-paired
  Index samples = 0;

  bool keeps_sum(Index r) const { return r > samples; }
};

inline Arrangements arrangements(const PlacedPairs& placed, const RelationOptions& options) {
  Arrangements made{{placed.pairs}, options.samples};
  for (Index s = 0; s < options.samples; ++s) {
    Random random(options.seed, static_cast<std::uint64_t>(2 * s));
    made.all.push_back(swapped(placed, random));
  }
  for (Index s = 0; s < options.samples; ++s) {
    Random random(options.seed, static_cast<std::uint64_t>(2 * s + 1));
    made.all.push_back(re_paired(placed, random));
  }
  return made;
}

/// The score of b_i for every arrangement and pair, and how many of a_i and b_i themselves are
/// counted by "as near as b_i".
struct Targets {
  std::vector<double> score;  ///< [arrangements, m]
  std::vector<Index> own;     ///< [arrangements, m]
};

inline Targets targets(const PointProducts& products, const PlacedPairs& placed,
                       const Arrangements& arrangements) {
  const auto m = static_cast<Index>(placed.pairs.a.size());
  const auto words = static_cast<Index>(placed.words.size());
  const auto count = static_cast<Index>(arrangements.all.size());
  constexpr Index size = CandidateBlock::size;
  std::vector<CandidateBlock> blocks;
  for (Index first = 0; first < words; first += size) {
    blocks.emplace_back(words, m);
    blocks.back().read(products, std::min(size, words - first),
                       [&](Index v) { return placed.words[first + v]; });
  }
  Targets made{std::vector<double>(count * m), std::vector<Index>(count * m)};
  std::vector<CandidateBlock::Row> sums(blocks.size()), observed(blocks.size());
  for (std::size_t k = 0; k < blocks.size(); ++k) observed[k] = blocks[k].sum(placed.pairs);
  for (Index r = 0; r < count; ++r) {
    const Arrangement& of = arrangements.all[r];
    for (std::size_t k = 0; k < blocks.size(); ++k)
      sums[k] = arrangements.keeps_sum(r) ? observed[k] : blocks[k].sum(of);
    for (Index i = 0; i < m; ++i) {
      const auto score = [&](Id word) {
        return blocks[word / size].score(sums[word / size], of, i, word % size);
      };
      made.score[r * m + i] = score(of.b[i]);
      made.own[r * m + i] = 1 + (score(of.a[i]) >= score(of.b[i]) ? 1 : 0);
    }
  }
  return made;
}

/// The nearest item that is neither of a pair.
struct Rival {
  double score = -std::numeric_limits<double>::infinity();
  Id item = -1;

  void meet(double other_score, Id other) {
    if (other_score > score || (other_score == score && other < item)) *this = {other_score, other};
  }
};

struct Ranks {
  std::vector<Index> rank;    ///< [arrangements, m]
  std::vector<Rival> rivals;  ///< [m], of the observed pairs
};

/// Ranks of every b_i around a_i + D̄_−i among all items but a_i; who is as near as b_i counts as
/// nearer. A block of items meets all arrangements while it is in the cache. Cost: V times (the
/// entries of a row · words + m additions for every arrangement and sum).
inline Ranks ranks(const Representation& representation, const PlacedPairs& placed,
                   const Arrangements& arrangements, const Progress& progress) {
  const PointProducts products(representation, placed.words);
  const Targets target = targets(products, placed, arrangements);
  const auto m = static_cast<Index>(placed.pairs.a.size());
  const auto count = static_cast<Index>(arrangements.all.size());
  constexpr Index size = CandidateBlock::size;
  const Index V = representation.size(), blocks = (V + size - 1) / size;
  struct Own {
    CandidateBlock block;
    std::vector<Index> as_near;
    std::vector<Rival> rivals;
  };
  std::vector<Own> threads(
      thread_count(), Own{CandidateBlock(products.points(), m), std::vector<Index>(count * m, 0),
                          std::vector<Rival>(m)});
  const auto meet = [&](Index b) {
    Own& own = threads[thread_index()];
    const Index first = b * size;
    own.block.read(products, std::min(size, V - first),
                   [&](Index v) { return static_cast<Id>(first + v); });
    const CandidateBlock::Row observed = own.block.sum(placed.pairs);
    for (Index r = 0; r < count; ++r) {
      const Arrangement& of = arrangements.all[r];
      const CandidateBlock::Row sum =
          r == 0 || arrangements.keeps_sum(r) ? observed : own.block.sum(of);
      for (Index i = 0; i < m; ++i)
        own.as_near[r * m + i] +=
            with_simd<count_at_least>(target.score[r * m + i], sum.data(), own.block.times(of.a[i]),
                                      own.block.plain(of.b[i]));
    }
    for (Index i = 0; i < m; ++i)
      for (Index v = 0; v < own.block.count(); ++v) {
        const auto item = static_cast<Id>(first + v);
        if (item != placed.words[placed.pairs.a[i]] && item != placed.words[placed.pairs.b[i]])
          own.rivals[i].meet(own.block.score(observed, placed.pairs, i, v), item);
      }
  };
  parallel_for(blocks, meet, progress, "relation");

  Ranks made{std::vector<Index>(count * m, 1), std::vector<Rival>(m)};
  for (const Own& own : threads) {
    for (Index at = 0; at < count * m; ++at) made.rank[at] += own.as_near[at];
    for (Index i = 0; i < m; ++i) made.rivals[i].meet(own.rivals[i].score, own.rivals[i].item);
  }
  for (Index at = 0; at < count * m; ++at) made.rank[at] -= target.own[at];
  return made;
}

/// Q, hit@1 and MRR of one arrangement.
struct RelationValues {
  double q = 0, hit = 0, mrr = 0;
};

inline RelationValues relation_values(std::span<const double> cosines,
                                      std::span<const Index> ranks) {
  RelationValues values;
  for (const double cosine : cosines) values.q += cosine;
  for (const Index rank : ranks) {
    values.hit += rank == 1;
    values.mrr += 1 / static_cast<double>(rank);
  }
  const auto m = static_cast<double>(ranks.size());
  return {rounded(values.q / m), values.hit / m, rounded(values.mrr / m)};
}

inline RelationStatistic both_nulls(const Quantity& quantity, double observed,
                                    std::vector<double> swapped, std::vector<double> re_paired,
                                    const RelationOptions& options) {
  RelationStatistic made;
  made.swap = judged(quantity, observed, std::move(swapped), options.rule);
  made.swap.null_kind = "swap";
  made.swap.keeps =
      "Keeps which words are a pair; a coin decides which of the two comes first, one for all "
      "pairs that share words: loses the direction.";
  made.re_pair = judged(quantity, observed, std::move(re_paired), options.rule);
  made.re_pair.null_kind = "re-pair";
  made.re_pair.keeps =
      "Keeps the first words and the second words; deals the second out again at random: loses "
      "which belongs to which.";
  made.swap.seed = made.re_pair.seed = options.seed;
  const NullTest& decides = deciding({&made.swap, &made.re_pair});
  made.verdict = decides.verdict;
  made.reason = "Against " + decides.null_kind + ": " + decides.reason;
  if (made.verdict == Verdict::commutes)
    made.reason = made.swap.reason + " Against re-pair: " + made.re_pair.reason;
  return made;
}

/// Why no verdict is possible at this size; empty where one is.
inline std::string too_small(const PlacedPairs& placed, double alpha) {
  const std::string least = std::to_string(least_pairs);
  if (static_cast<Index>(placed.pairs.a.size()) < least_pairs)
    return "There are " + std::to_string(placed.pairs.a.size()) +
           " pairs; a verdict takes at least " + least + ".";
  if (placed.groups < least_pairs)
    return "The pairs share words, so that only " + std::to_string(placed.groups) +
           " groups of them say something of their own; a verdict takes at least " + least + ".";
  // Q is the same where all groups are turned: of 2^groups ways to turn them two are as good.
  if (std::exp2(1 - static_cast<double>(placed.groups)) > alpha)
    return "Turning " + std::to_string(placed.groups) +
           " groups of pairs by coins cannot give so small a p.";
  return {};
}

inline void make_underpowered(RelationStatistic& statistic, const std::string& reason) {
  for (NullTest* test : {&statistic.swap, &statistic.re_pair}) {
    test->verdict = Verdict::underpowered;
    test->reason = reason;
  }
  statistic.verdict = Verdict::underpowered;
  statistic.reason = reason;
}

inline std::vector<IdPair> distinct(std::span<const IdPair> pairs) {
  std::vector<IdPair> kept;
  std::vector<IdPair> seen;
  for (const IdPair& pair : pairs) {
    const auto at = std::ranges::lower_bound(seen, pair);
    if (at != seen.end() && *at == pair) continue;
    seen.insert(at, pair);
    kept.push_back(pair);
  }
  return kept;
}

inline std::vector<PairResult> pair_results(const Eigen::MatrixXd& K, const PlacedPairs& placed,
                                            const Ranks& found) {
  const Arrangement& of = placed.pairs;
  const auto m = static_cast<Index>(of.a.size());
  const auto cosines = offset_cosines(K, of);
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(K.rows());  // Σ D in terms of the words
  for (Index i = 0; i < m; ++i) sum(of.b[i]) += 1, sum(of.a[i]) -= 1;
  std::vector<PairResult> results;
  for (Index i = 0; i < m; ++i) {
    Eigen::VectorXd query = sum;  // (m − 1) (a_i + D̄_−i)
    query(of.a[i]) += static_cast<double>(m);
    query(of.b[i]) -= 1;
    Eigen::VectorXd with(K.rows());
    for (Index p = 0; p < K.rows(); ++p) with(p) = K.col(p).cwiseProduct(query).sum();
    const double norm = std::sqrt(std::max(with.cwiseProduct(query).sum(), 0.0));
    const double own = std::sqrt(K(of.b[i], of.b[i]));
    const auto cosine = [](double product, double length) {
      return length > 0 ? std::clamp(product / length, -1.0, 1.0) : 0.0;
    };
    results.push_back(
        {.pair = {placed.words[of.a[i]], placed.words[of.b[i]]},
         .cosine = cosines[i],
         .rank = found.rank[i],
         .reached = cosine(with(of.b[i]), norm * own),
         .rival = found.rivals[i].item,
         .rival_cosine = found.rivals[i].item < 0 ? 0 : cosine(found.rivals[i].score, norm)});
  }
  return results;
}

}  // namespace detail

/// Tests a relation. With D_i = φ(b_i) − φ(a_i) and D̄_−i the mean of the others:
///     Q = (1/m) Σ_i cos(D_i, D̄_−i);
/// hit@1 and MRR of a_i + D̄_−i: the rank of b_i by cosine among all items but a_i, leaving out no
/// other word, where whoever is as near as b_i counts as nearer. The cosine with a zero vector
/// is 0. Each against two nulls:
///     swap      D_i → ±D_i: is there a direction?
///     re-pair   b_π(i): is it this pairing, not just two types of word?
/// and commutes only where both say so. p is of "such a value, if which word of a pair comes first
/// (which b goes with which a) were decided by chance".
///
/// A pair given twice counts once. Pairs may share words: (canada, dollar), (usa, dollar). Their
/// differences agree in part without any relation, and in the leave-one-out mean a shared word
/// helps to find itself; so that p stays valid the nulls keep this: a coin turns pairs that share
/// words together, and among the dealings of b those are drawn, all equally likely, in which no
/// pair comes twice and no word meets itself, as is so of the pairs observed. Q and hit@1
/// themselves gain by it: the nulls' means say how much.
///
/// The same bits for any number of threads. Scores are linear in the vectors, so one product of the
/// words with all items serves all draws. Throws Error{value} for items there are not, fewer than
/// two pairs, a pair of a word with itself, samples < 1; Error{numeric} where words are shared so
/// much that they cannot be dealt out otherwise; Error{cancelled}. Cost: V · words · entries of a
/// row, + 3 · samples · m · V additions; memory: samples · m a thread.
inline RelationTest relation_test(const Representation& representation,
                                  std::span<const IdPair> pairs,
                                  const RelationOptions& options = {},
                                  const Progress& progress = {}) {
  const std::vector<IdPair> kept = detail::distinct(pairs);
  if (kept.size() < 2)
    throw Error(ErrorKind::value, "a relation takes at least two different pairs, not " +
                                      std::to_string(kept.size()));
  require_samples(options.samples);
  for (const auto& [a, b] : kept)
    if (a == b)
      throw Error(ErrorKind::value,
                  "item " + std::to_string(a) + " is paired with itself: that is no arrow");

  const detail::PlacedPairs placed = detail::placed(kept);
  const Eigen::MatrixXd K = gram(representation, placed.words);
  const detail::Arrangements drawn = detail::arrangements(placed, options);
  const detail::Ranks found = detail::ranks(representation, placed, drawn, progress);

  const auto m = static_cast<Index>(kept.size());
  std::vector<detail::RelationValues> values(drawn.all.size());
  parallel_for(static_cast<Index>(values.size()), [&](Index r) {
    values[r] = detail::relation_values(detail::offset_cosines(K, drawn.all[r]),
                                        std::span(found.rank).subspan(r * m, m));
  });
  const auto test = [&](Quantity quantity, double detail::RelationValues::*value) {
    quantity.of = "relation";
    std::vector<double> of_null;
    for (const auto& draw : std::span(values).subspan(1)) of_null.push_back(draw.*value);
    const auto middle = of_null.begin() + options.samples;
    return detail::both_nulls(quantity, values.front().*value, {of_null.begin(), middle},
                              {middle, of_null.end()}, options);
  };

  RelationTest made;
  made.representation = representation.name;
  made.units = placed.groups;
  made.pairs = detail::pair_results(K, placed, found);
  made.q = test({.name = "agreement of differences Q", .worst = 0, .best = 1, .share = false},
                &detail::RelationValues::q);
  made.hit = test({.name = "hit@1", .worst = 0, .best = 1}, &detail::RelationValues::hit);
  made.mrr = test({.name = "mean reciprocal rank", .worst = 0, .best = 1, .share = false},
                  &detail::RelationValues::mrr);
  for (Index i = 0; i < m; ++i)
    if (made.pairs[i].rank > 1) made.failures.push_back(i);
  std::ranges::stable_sort(
      made.failures, [&](Index i, Index j) { return made.pairs[i].rank > made.pairs[j].rank; });
  if (const std::string reason = detail::too_small(placed, options.rule.alpha); !reason.empty())
    for (auto* statistic : {&made.q, &made.hit, &made.mrr})
      detail::make_underpowered(*statistic, reason);
  if (kept.size() < pairs.size())
    made.notes.push_back(std::to_string(pairs.size() - kept.size()) +
                         " pairs were given more than once and count once");
  if (placed.groups < m)
    made.notes.push_back("of " + std::to_string(m) +
                         " pairs some share a word: " + std::to_string(placed.groups) +
                         " groups share none with each other, and pairs of a group are swapped "
                         "together");
  return made;
}

/// Q(code) / Q(vector): how much of the agreement the encoder preserves. NaN where the vectors have
/// none (Q <= 0).
inline double preserved(const RelationTest& of_codes, const RelationTest& of_vectors) {
  const double whole = of_vectors.q.observed();
  return whole > 0 ? of_codes.q.observed() / whole : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace yoneda
