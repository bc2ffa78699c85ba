// Junk: tokens a language model hardly ever saw in training, told by its unembedding alone.
//
// A step of training lowers the logit of every token that does not come next. A token that never
// comes next gets nothing else, so the rows of all such tokens are pushed the same way and end up
// in nearly the same direction, in models with tied embeddings and without. The indicator is the
// cosine distance of a token's row to the mean row of tokens known to be unused,
//     c_t = 1 − u_t · ū / (‖u_t‖ ‖ū‖)
// (Land, Bartolo 2024, Fishing for Magikarp: Automatically Detecting Under-trained Tokens in Large
// Language Models). Their other indicator, the norm of an untied model's input embedding, needs a
// matrix that arrows never read.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <iterator>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/parallel_sum.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/model/vocabulary.hpp"

namespace yoneda {

/// What is taken away from the rows before their directions are compared. The first is the paper's
/// own choice; the others help where one direction dominates all rows.
enum class JunkRows { plain, centered, without_first_component };

struct JunkOptions {
  std::vector<Id> unused;  ///< tokens known to be unused; empty: a bunch of rows is looked for
  JunkRows rows = JunkRows::plain;
};

/// What the indicator was measured from.
enum class JunkReference { none, given, found };

constexpr std::string_view name(JunkReference reference) {
  switch (reference) {
    case JunkReference::none:
      return "none";
    case JunkReference::given:
      return "given";
    case JunkReference::found:
      return "found";
  }
  return "";
}

struct JunkTokens {
  std::vector<Id> tokens;         ///< the junk, ascending
  std::vector<double> indicator;  ///< [V], c_t; 0 for a row of zeros; empty without a reference
  JunkReference reference = JunkReference::none;
  std::vector<Id> reference_tokens;  ///< whose mean row is the reference, ascending
  double spread = 0;                 ///< median distance of these to the mean of the others
  double typical = 0;                ///< upper quartile of the indicator
  double threshold = 0;              ///< junk lies at most this far; 0: no token is told by it
  std::vector<std::string> notes;
};

namespace detail {

inline std::vector<Id> all_ids(Index count) {
  std::vector<Id> ids(count);
  std::iota(ids.begin(), ids.end(), Id{0});
  return ids;
}

/// The rows of a matrix in double, less what JunkRows says.
class ReducedRows {
 public:
  ReducedRows(const Matrix& matrix, JunkRows kind) : matrix_(matrix) {
    const std::vector<Id> all = all_ids(matrix.rows());
    if (kind == JunkRows::plain) return;
    centre_ = mean(all);
    if (kind == JunkRows::centered) return;
    // The component is that of the centred rows, but is taken from the rows as they are.
    component_ = first_component(all);
    centre_.clear();
  }

  Index count() const { return matrix_.rows(); }
  Index cols() const { return matrix_.cols(); }

  void row(Id token, std::span<float> scratch, std::span<double> out) const {
    std::ranges::copy(matrix_.row(token, scratch), out.begin());
    for (std::size_t j = 0; j < centre_.size(); ++j) out[j] -= centre_[j];
    if (component_.empty()) return;
    const double share = dot(out, component_);
    for (std::size_t j = 0; j < component_.size(); ++j) out[j] -= share * component_[j];
  }

  /// Calls visit(i, row) for the i-th token, every i, in parallel.
  template <class Visit>
  void for_each(std::span<const Id> tokens, const Visit& visit) const {
    constexpr Index block = 1024;
    const Index count = static_cast<Index>(tokens.size());
    parallel_for((count + block - 1) / block, [&](Index b) {
      visit_rows(tokens, b * block, std::min(count, (b + 1) * block), visit);
    });
  }

  /// Σ weight(row) row, divided by the number of tokens; see parallel_sum for the order.
  template <class Weight>
  std::vector<double> weighted_mean(std::span<const Id> tokens, const Weight& weight) const {
    const auto add = [&](Index first, Index last, std::span<double> sum) {
      visit_rows(tokens, first, last, [&](Index, std::span<const double> values) {
        const double factor = weight(values) / static_cast<double>(tokens.size());
        for (std::size_t j = 0; j < values.size(); ++j) sum[j] += factor * values[j];
      });
    };
    return parallel_sum(static_cast<Index>(tokens.size()), cols(), add);
  }

  std::vector<double> mean(std::span<const Id> tokens) const {
    return weighted_mean(tokens, [](std::span<const double>) { return 1.0; });
  }

  /// Cosine distances of tokens to a direction; 0 for a row of zeros, 1 to a direction of zeros.
  std::vector<double> distances(std::span<const Id> tokens, std::span<const double> to) const {
    const double length = std::sqrt(dot(to, to));
    std::vector<double> found(tokens.size());
    for_each(tokens, [&](Index i, std::span<const double> values) {
      const double norms = std::sqrt(dot(values, values)) * length;
      if (norms > 0) found[i] = std::clamp(1 - dot(values, to) / norms, 0.0, 2.0);
      if (norms == 0) found[i] = length > 0 ? 0 : 1;
    });
    return found;
  }

  std::vector<double> norms(std::span<const Id> tokens) const {
    std::vector<double> found(tokens.size());
    for_each(tokens, [&](Index i, std::span<const double> values) {
      found[i] = std::sqrt(dot(values, values));
    });
    return found;
  }

  /// In the order of canonical_dot, which the compiler can do several at a time.
  static double dot(std::span<const double> x, std::span<const double> y) {
    constexpr std::size_t lanes = 8;
    std::array<double, lanes> partial{};
    const std::size_t blocked = x.size() - x.size() % lanes;
    for (std::size_t j = 0; j < blocked; j += lanes)
      for (std::size_t lane = 0; lane < lanes; ++lane) partial[lane] += x[j + lane] * y[j + lane];
    for (std::size_t j = blocked; j < x.size(); ++j) partial[j % lanes] += x[j] * y[j];
    double sum = 0;
    for (const double part : partial) sum += part;
    return sum;
  }

 private:
  template <class Visit>
  void visit_rows(std::span<const Id> tokens, Index first, Index last, const Visit& visit) const {
    std::vector<float> scratch(cols());
    std::vector<double> values(cols());
    for (Index i = first; i < last; ++i) {
      row(tokens[i], scratch, values);
      visit(i, std::span<const double>(values));
    }
  }

  /// By the power method, from the longest row.
  std::vector<double> first_component(std::span<const Id> tokens) const {
    constexpr int most = 300;
    const auto lengths = norms(tokens);
    std::vector<float> scratch(cols());
    std::vector<double> v(cols());
    row(static_cast<Id>(std::ranges::max_element(lengths) - lengths.begin()), scratch, v);
    for (int step = 0; step < most; ++step) {
      const double length = std::sqrt(dot(v, v));
      if (length == 0) return {};
      for (double& value : v) value /= length;
      auto next = weighted_mean(tokens, [&](std::span<const double> u) { return dot(u, v); });
      const double cosine = dot(next, v) / std::sqrt(dot(next, next));
      std::swap(v, next);
      if (cosine > 1 - 1e-14) break;
    }
    const double length = std::sqrt(dot(v, v));
    for (double& value : v) value /= length;
    return v;
  }

  const Matrix& matrix_;
  std::vector<double> centre_, component_;  // empty: nothing is taken away
};

/// The `count` tokens of the smallest value, ascending; ties go to the smaller id.
inline std::vector<Id> nearest(std::span<const Id> tokens, std::span<const double> values,
                               Index count) {
  std::vector<std::pair<double, Id>> order;
  for (std::size_t i = 0; i < tokens.size(); ++i) order.emplace_back(values[i], tokens[i]);
  std::ranges::nth_element(order, order.begin() + (count - 1));
  std::vector<Id> kept;
  for (Index i = 0; i < count; ++i) kept.push_back(order[i].second);
  std::ranges::sort(kept);
  return kept;
}

inline double quantile(std::vector<double> values, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + at);
  return values[at];
}

/// Median distance of each token to the mean of the others, 0 for a single one.
inline double spread_of(const ReducedRows& rows, std::span<const Id> tokens) {
  if (tokens.size() < 2) return 0;
  const auto count = static_cast<double>(tokens.size());
  const auto mean = rows.mean(tokens);
  std::vector<double> distance(tokens.size());
  rows.for_each(tokens, [&](Index i, std::span<const double> u) {
    std::vector<double> others(mean);
    for (std::size_t j = 0; j < u.size(); ++j) others[j] = (count * mean[j] - u[j]) / (count - 1);
    const double norms =
        std::sqrt(ReducedRows::dot(u, u)) * std::sqrt(ReducedRows::dot(others, others));
    distance[i] = norms > 0 ? std::max(0.0, 1 - ReducedRows::dot(u, others) / norms) : 0;
  });
  return quantile(std::move(distance), 0.5);
}

inline std::vector<char> rows_of_zeros(const Matrix& matrix) {
  std::vector<char> zero(matrix.rows());
  std::vector<float> scratch(matrix.cols());
  for (Index t = 0; t < matrix.rows(); ++t)
    zero[t] = std::ranges::all_of(matrix.row(t, scratch), [](float x) { return x == 0; });
  return zero;
}

/// The largest group of rows with the same bytes; empty where no two are the same.
inline std::vector<Id> identical_rows(const Matrix& matrix, std::span<const Id> tokens) {
  const std::size_t size = matrix.cols() * bytes_per_value(matrix.dtype());
  const auto at = [&](Id token) { return matrix.bytes().data() + size * token; };
  std::vector<Id> order(tokens.begin(), tokens.end());
  std::ranges::stable_sort(order, [&](Id a, Id b) { return std::memcmp(at(a), at(b), size) < 0; });
  std::size_t best = 0, best_size = 1;
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && std::memcmp(at(order[first]), at(order[last]), size) == 0) ++last;
    if (last - first > best_size) best = first, best_size = last - first;
  }
  if (best_size < 2) return {};
  return {order.begin() + best, order.begin() + best + best_size};
}

/// Where many rows point the same way: half of the tokens, those nearest to a direction, then half
/// of these, nearest to their own mean, and so on until `size` are left (Robertson, Cryer 1974, An
/// iterative procedure for estimating the mode, on directions). Cost: 2 V d.
inline std::vector<Id> densest(const ReducedRows& rows, std::vector<Id> tokens,
                               std::vector<double> direction, Index size) {
  while (static_cast<Index>(tokens.size()) > size) {
    const Index half = (static_cast<Index>(tokens.size()) + 1) / 2;
    tokens = nearest(tokens, rows.distances(tokens, direction), std::max(size, half));
    direction = rows.mean(tokens);
  }
  return tokens;
}

/// The tightest bunch of rows that is reached from the mean row, from the shortest rows and from
/// rows that are the same; empty where directions say little: few tokens, one dimension.
inline std::vector<Id> tightest(const Matrix& W_U, const ReducedRows& rows,
                                std::span<const Id> tokens) {
  const auto count = static_cast<Index>(tokens.size());
  const Index size = std::max<Index>(8, count / 2000);
  if (count < 8 * size || rows.cols() < 2) return {};
  std::vector<std::vector<Id>> starts{{tokens.begin(), tokens.end()},
                                      nearest(tokens, rows.norms(tokens), size),
                                      identical_rows(W_U, tokens)};
  std::vector<Id> best;
  double least = 3;  // no distance is above 2
  for (const auto& start : starts) {
    if (start.empty()) continue;
    auto found = densest(rows, {tokens.begin(), tokens.end()}, rows.mean(start), size);
    const double spread = spread_of(rows, found);
    if (spread < least) least = spread, best = std::move(found);
  }
  return best;
}

inline std::vector<Id> checked_unused(std::vector<Id> unused, Index V) {
  std::ranges::sort(unused);
  unused.erase(std::ranges::unique(unused).begin(), unused.end());
  if (!unused.empty() && (unused.front() < 0 || unused.back() >= V))
    throw Error(ErrorKind::value,
                "unused token " +
                    std::to_string(unused.front() < 0 ? unused.front() : unused.back()) +
                    " is not in the vocabulary of " + std::to_string(V));
  return unused;
}

/// Fills indicator, spread and typical from the reference. `zero` marks the rows of zeros.
inline void measure(JunkTokens& junk, const ReducedRows& rows, std::span<const char> zero) {
  const std::vector<Id> all = all_ids(rows.count());
  junk.indicator = rows.distances(all, rows.mean(junk.reference_tokens));
  std::vector<double> of_others;
  for (const Id token : all)
    if (zero[token])
      junk.indicator[token] = 0;
    else
      of_others.push_back(junk.indicator[token]);
  junk.typical = quantile(std::move(of_others), 0.75);
  junk.spread = spread_of(rows, junk.reference_tokens);
}

inline std::string why_none(const JunkTokens& junk, std::span<const Id> unused) {
  if (unused.empty())
    return "no tokens are known to be unused, and no rows of the unembedding lie together as those "
           "of unused tokens do";
  return std::string("the tokens known to be unused ") +
         (junk.reference_tokens.empty() ? "have rows of zeros" : "do not point the same way") +
         ", so no others can be told by their direction";
}

/// How far apart the tokens of a reference may be for it to say something.
inline double largest_spread(const JunkTokens& junk, Index V, Index d) {
  if (junk.reference == JunkReference::given) return junk.typical / 20;
  const double share = static_cast<double>(junk.reference_tokens.size()) / static_cast<double>(V);
  return junk.typical / 200 * std::pow(share, 2 / static_cast<double>(d - 1));
}

}  // namespace detail

/// Tokens that a vocabulary shows to be unused, ascending: rows [0, V) without a token, which pad
/// the matrix; single bytes that no UTF-8 has (0xC0, 0xC1, 0xF5 to 0xFF; the paper's own reference
/// for byte-level vocabularies); and names that say so, <unused7>, <|reserved_special_token_3|>,
/// [unused12]. Empty for an empty vocabulary. Cost: V.
inline std::vector<Id> unused_tokens(const Vocabulary& vocabulary, Index V) {
  const auto says_so = [](std::string_view text) {
    if (text.size() < 2) return false;
    const bool bracketed =
        (text.front() == '<' && text.back() == '>') || (text.front() == '[' && text.back() == ']');
    return bracketed && (text.find("unused") != text.npos || text.find("reserved") != text.npos);
  };
  const auto no_utf8 = [](std::string_view text) {
    if (text.size() != 1) return false;
    const auto byte = static_cast<unsigned char>(text.front());
    return byte == 0xc0 || byte == 0xc1 || byte >= 0xf5;
  };
  std::vector<Id> unused;
  if (vocabulary.empty()) return unused;
  for (Id token = 0; token < V; ++token) {
    const std::string text = vocabulary.text(token);
    if (text == "#" + std::to_string(token) || no_utf8(text) || says_so(text))
      unused.push_back(token);
  }
  return unused;
}

/// Which tokens of W_U [V, d] are junk. Always: tokens given as unused, and rows of zeros. Besides,
/// every token with c_t at most √(s q), midway on a logarithmic scale between s, how far the tokens
/// of the reference are from each other (`spread`, at least 1e-6, what rounding to bf16 does), and
/// q, how far a trained token is (`typical`). The quartile, not the median, is typical because half
/// of a vocabulary may be junk.
///
/// A reference that does not stand apart says nothing: none but the tokens above are junk then, and
/// a note says so. For tokens given that means s > q / 20. Where none are given, the tightest bunch
/// of rows is taken if s <= q / 200 · (share of the vocabulary in the bunch)^(2 / (d − 1)), the
/// last factor being how near so many of V random directions come to each other. Words that mean
/// nearly the same do not reach that: among GloVe's word vectors, months stand at q / 60; by the
/// indicators that the paper's authors publish, unused tokens of GPT-2 stand at q / 400, of Gemma
/// at q / 10,000.
///
/// The same for any number of threads. Throws Error{shape} for an empty matrix, Error{value} for
/// values that are not finite and for an unused token that W_U does not have, Error{cancelled}.
/// Cost: V d where tokens are given, else about 10 V d.
inline JunkTokens junk_tokens(const Matrix& W_U, const JunkOptions& options = {},
                              const Progress& progress = {}) {
  if (W_U.empty()) throw Error(ErrorKind::shape, "junk among the rows of an empty matrix");
  require_finite(W_U, "W_U");
  constexpr double rounding = 1e-6;
  constexpr Stage stage = "junk tokens";
  const Index V = W_U.rows();
  const std::vector<Id> unused = detail::checked_unused(options.unused, V);
  const std::vector<char> zero = detail::rows_of_zeros(W_U);
  const auto directed = [&zero](std::vector<Id> tokens) {
    std::erase_if(tokens, [&](Id token) { return zero[token] != 0; });
    return tokens;
  };

  progress.check(stage, 0);
  const detail::ReducedRows rows(W_U, options.rows);
  JunkTokens junk;
  junk.reference_tokens =
      unused.empty() ? detail::tightest(W_U, rows, directed(detail::all_ids(V))) : directed(unused);
  if (!junk.reference_tokens.empty()) {
    progress.check(stage, 0.7);
    junk.reference = unused.empty() ? JunkReference::found : JunkReference::given;
    detail::measure(junk, rows, zero);
    if (junk.spread <= detail::largest_spread(junk, V, W_U.cols()))
      junk.threshold = std::sqrt(std::max(junk.spread, rounding) * junk.typical);
  }
  if (junk.threshold > 0 && junk.reference_tokens.size() == 1)
    junk.notes.push_back(
        "a single token is known to be unused: whether it is, its direction cannot show");
  if (junk.threshold == 0) {
    if (unused.empty()) junk = JunkTokens{};
    junk.notes.push_back(detail::why_none(junk, unused));
  }
  for (Id token = 0; token < V; ++token)
    if (zero[token] || std::ranges::binary_search(unused, token) ||
        (junk.threshold > 0 && junk.indicator[token] <= junk.threshold))
      junk.tokens.push_back(token);
  progress.check(stage, 1);
  return junk;
}

}  // namespace yoneda
