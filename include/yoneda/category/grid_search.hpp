// Grids found by search: from one row, all rows that repeat its differences. Searching is choosing,
// so the whole search is repeated for every draw of the null.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/products.hpp"
#include "yoneda/category/representation.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/vector_unit.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda {

struct GridSearchOptions {
  Index rows = 8;                  ///< of the grid, the seed row among them
  std::span<const Id> candidates;  ///< first words tried, ascending; empty: all items
  Index samples = 99;              ///< searches from null rows, of each null
  std::uint64_t seed = 1;
  VerdictRule rule = {};
};

struct GridSearch {
  Grid grid;                   ///< the seed row first, then the rows found, the best first
  std::vector<double> scores;  ///< of the rows: mean cos(x'_j − x'_1, x_j − x_1); the seed's is 1
  double score = 0;            ///< mean over the rows found
  double G = 0;                ///< of the grid (see Decomposition)
  NullTest near_score, near_G;              ///< against rows of items as near to each other
  NullTest mismatched_score, mismatched_G;  ///< against rows put together from the grid's columns
  Verdict verdict = Verdict::underpowered;
  std::string reason;
};

namespace detail {

/// A row of c items to grow a grid from.
using SeedRow = std::vector<Id>;

/// The item nearest to candidate u + (x_j − x_1), and how near.
struct Nearest {
  float score = -std::numeric_limits<float>::infinity();
  float of_candidate = 0;  ///< ⟨u, v⟩ / ‖v‖, the part of the score that is not δ's
  Id item = -1;
};

/// Items met at once: their scores stay in the cache.
inline constexpr Index search_tile = 1024;

/// The largest of a[v] + b[v], v < size, a multiple of 16.
[[gnu::always_inline]] inline float largest_sum(const float* a, const float* b, Index size) {
  float lanes[16];
  for (float& lane : lanes) lane = -std::numeric_limits<float>::infinity();
  for (Index v = 0; v < size; v += 16)
    for (Index lane = 0; lane < 16; ++lane) {
      const float sum = a[v + lane] + b[v + lane];
      lanes[lane] = sum > lanes[lane] ? sum : lanes[lane];
    }
  float largest = lanes[0];
  for (const float lane : lanes) largest = lane > largest ? lane : largest;
  return largest;
}

/// What all searches need of a representation: for every seed row and column the products of the
/// difference δ_j = x_j − x_1 with all items.
class Searches {
 public:
  Searches(const Representation& of, std::span<const SeedRow> seeds)
      : columns_(static_cast<Index>(seeds.front().size())), V_(of.size()) {
    padded_ = (V_ + search_tile - 1) / search_tile * search_tile;
    std::vector<Id> words;
    for (const SeedRow& seed : seeds) words.insert(words.end(), seed.begin(), seed.end());
    std::ranges::sort(words);
    words.erase(std::ranges::unique(words).begin(), words.end());
    const auto place = [&](Id word) {
      return std::ranges::lower_bound(words, word) - words.begin();
    };
    const auto directions = static_cast<Index>(seeds.size()) * (columns_ - 1);
    product_.resize(directions * V_);
    scaled_.assign(directions * padded_, -std::numeric_limits<float>::infinity());
    norm_.resize(V_);
    length_.resize(directions);
    const PointProducts products(of, words);
    constexpr Index block = 256;
    parallel_for((V_ + block - 1) / block, [&](Index b) {
      std::vector<double> out(words.size());
      for (Index v = b * block; v < std::min(V_, (b + 1) * block); ++v) {
        norm_[v] = products.of(static_cast<Id>(v), out);
        for (std::size_t s = 0; s < seeds.size(); ++s)
          for (Index j = 1; j < columns_; ++j) {
            const Index direction = static_cast<Index>(s) * (columns_ - 1) + j - 1;
            const double product = out[place(seeds[s][j])] - out[place(seeds[s][0])];
            product_[direction * V_ + v] = product;
            scaled_[direction * padded_ + v] =
                norm_[v] > 0 ? static_cast<float>(product / norm_[v]) : 0.0f;
          }
      }
    });
    for (std::size_t s = 0; s < seeds.size(); ++s)
      for (Index j = 1; j < columns_; ++j) {
        const Index direction = static_cast<Index>(s) * (columns_ - 1) + j - 1;
        length_[direction] = std::sqrt(std::max(
            0.0, product_[direction * V_ + seeds[s][j]] - product_[direction * V_ + seeds[s][0]]));
        for (const Id word : seeds[s])  // the seed row itself is no new row
          scaled_[direction * padded_ + word] = -std::numeric_limits<float>::infinity();
      }
  }

  Index directions() const { return static_cast<Index>(length_.size()); }
  Index items() const { return V_; }
  Index padded() const { return padded_; }
  double norm(Id item) const { return norm_[item]; }
  const float* scaled(Index direction) const { return scaled_.data() + direction * padded_; }

  /// cos(v − u, δ), where ⟨u, v⟩ = product.
  double agreement(Index direction, Id u, Id v, double product) const {
    const double* of = product_.data() + direction * V_;
    const double square = norm_[u] * norm_[u] + norm_[v] * norm_[v] - 2 * product;
    const double length = std::sqrt(std::max(0.0, square)) * length_[direction];
    return length > 0 ? std::clamp((of[v] - of[u]) / length, -1.0, 1.0) : 0.0;
  }

 private:
  Index columns_, V_, padded_ = 0;
  std::vector<double> product_;  ///< [directions, V], ⟨δ, v⟩
  std::vector<float> scaled_;  ///< [directions, padded], ⟨δ, v⟩ / ‖v‖; -∞ for who cannot be found
  std::vector<double> norm_, length_;
};

struct ScoredRow {
  double score;
  std::vector<Id> items;
};

/// For every seed the rows that its differences lead to from every candidate, the best first.
/// ⟨u + δ, v⟩ / ‖v‖ is a sum of two numbers, of which the first is shared by all seeds.
inline std::vector<std::vector<ScoredRow>> scored_rows(const Representation& of,
                                                       std::span<const SeedRow> seeds,
                                                       std::span<const Id> candidates,
                                                       const Progress& progress) {
  const Searches searches(of, seeds);
  const auto columns = static_cast<Index>(seeds.front().size());
  const auto count = static_cast<Index>(candidates.size());
  constexpr Index at_once = 32;
  std::vector<std::vector<ScoredRow>> found(seeds.size(), std::vector<ScoredRow>(count));
  const auto search = [&](Index block) {
    const Index first = block * at_once, here = std::min(at_once, count - first);
    const auto us = candidates.subspan(first, here);
    const PointProducts products(of, us);
    std::vector<float> tile(here * search_tile);
    std::vector<double> out(here);
    std::vector<Nearest> nearest(here * searches.directions());
    for (Index start = 0; start < searches.padded(); start += search_tile) {
      std::ranges::fill(tile, -std::numeric_limits<float>::infinity());
      for (Index v = start; v < std::min(start + search_tile, searches.items()); ++v) {
        const double norm = products.of(static_cast<Id>(v), out);
        for (Index u = 0; u < here; ++u)
          if (us[u] != v)
            tile[u * search_tile + v - start] = norm > 0 ? static_cast<float>(out[u] / norm) : 0.0f;
      }
      for (Index direction = 0; direction < searches.directions(); ++direction)
        for (Index u = 0; u < here; ++u) {
          const float *a = tile.data() + u * search_tile, *b = searches.scaled(direction) + start;
          const float largest = with_simd<largest_sum>(a, b, search_tile);
          Nearest& best = nearest[u * searches.directions() + direction];
          if (!(largest > best.score)) continue;
          Index v = 0;
          while (a[v] + b[v] != largest) ++v;
          best = {largest, a[v], static_cast<Id>(start + v)};
        }
    }
    for (std::size_t s = 0; s < seeds.size(); ++s)
      for (Index u = 0; u < here; ++u) {
        ScoredRow row{0, {us[u]}};
        bool complete = std::ranges::find(seeds[s], us[u]) == seeds[s].end();
        for (Index j = 1; j < columns; ++j) {
          const Index direction = static_cast<Index>(s) * (columns - 1) + j - 1;
          const Nearest& best = nearest[u * searches.directions() + direction];
          const Id v = best.item;
          complete = complete && v >= 0 && std::ranges::find(row.items, v) == row.items.end();
          if (!complete) break;
          row.items.push_back(v);
          const double product = static_cast<double>(best.of_candidate) * searches.norm(v);
          row.score +=
              searches.agreement(direction, us[u], v, product) / static_cast<double>(columns - 1);
        }
        if (complete) found[s][first + u] = std::move(row);
      }
  };
  parallel_for((count + at_once - 1) / at_once, search, progress, "grid search");
  for (auto& rows : found) {
    std::erase_if(rows, [](const ScoredRow& row) { return row.items.empty(); });
    std::ranges::stable_sort(rows, std::ranges::greater(), &ScoredRow::score);
  }
  return found;
}

/// The seed row and the best rows with no item twice, at most `rows` in all.
inline std::vector<ScoredRow> chosen_rows(const SeedRow& seed, const std::vector<ScoredRow>& scored,
                                          Index rows) {
  std::vector<ScoredRow> chosen{{1, seed}};
  std::vector<Id> used = seed;
  for (const ScoredRow& row : scored) {
    if (static_cast<Index>(chosen.size()) == rows) break;
    if (std::ranges::any_of(row.items,
                            [&](Id item) { return std::ranges::find(used, item) != used.end(); }))
      continue;
    used.insert(used.end(), row.items.begin(), row.items.end());
    chosen.push_back(row);
  }
  return chosen;
}

struct FoundGrid {
  Grid grid;
  std::vector<double> scores;
  double score = 0, G = 0;  ///< 0, as by chance, where fewer rows were found than asked for
};

inline FoundGrid found_grid(const Representation& of, const SeedRow& seed,
                            const std::vector<ScoredRow>& scored, Index rows) {
  FoundGrid found;
  const auto chosen = chosen_rows(seed, scored, rows);
  found.grid = {static_cast<Index>(chosen.size()), static_cast<Index>(seed.size()), {}};
  double sum = 0;
  for (const ScoredRow& row : chosen) {
    found.grid.items.insert(found.grid.items.end(), row.items.begin(), row.items.end());
    found.scores.push_back(row.score);
    sum += row.score;
  }
  if (found.grid.rows < rows) return found;
  found.score = (sum - 1) / static_cast<double>(rows - 1);
  found.G = rounded_G(decomposition(of, found.grid));
  return found;
}

/// Around each item the place of every item by cosine, 0 for the nearest other.
inline std::vector<Id> by_nearness(const Representation& of, Id item) {
  const std::array<Id, 1> one{item};
  const PointProducts products(of, one);
  std::vector<double> cosine(of.size());
  for (Id v = 0; v < of.size(); ++v) {
    double product = 0;
    const double norm = products.of(v, std::span(&product, 1));
    cosine[v] = norm > 0 ? product / norm : 0;
  }
  std::vector<Id> order;
  for (Id v = 0; v < of.size(); ++v)
    if (v != item) order.push_back(v);
  std::ranges::stable_sort(order, [&](Id v, Id w) { return cosine[v] > cosine[w]; });
  return order;
}

/// A random first item, and for each other the item whose place around it is that of x_j around
/// x_1.
inline SeedRow near_row(const Representation& of, std::span<const Index> places,
                        std::span<const Id> candidates, Random& random) {
  SeedRow row{candidates[random.below(static_cast<Index>(candidates.size()))]};
  const auto order = by_nearness(of, row.front());
  for (const Index place : places) row.push_back(order[place]);
  return row;
}

/// One item of each column, no two of them of one row.
inline SeedRow mismatched_row(const Grid& grid, Random& random) {
  const auto rows = permutation(grid.rows, random);
  SeedRow row;
  for (Index j = 0; j < grid.columns; ++j) row.push_back(grid(rows[j], j));
  return row;
}

inline void require_search(const Representation& of, const SeedRow& seed,
                           const GridSearchOptions& options) {
  require_items(of, seed);
  require_items(of, options.candidates);
  const auto columns = static_cast<Index>(seed.size());
  if (columns < 2)
    throw Error(ErrorKind::value, "a row to grow a grid from takes at least two items");
  SeedRow sorted = seed;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end())
    throw Error(ErrorKind::value, "the row to grow a grid from has an item twice");
  if (options.rows < 3 || options.rows < columns)
    throw Error(ErrorKind::value,
                "a grid is searched with at least three rows, and as many as its " +
                    std::to_string(columns) + " columns, not " + std::to_string(options.rows));
  require_samples(options.samples);
  if (of.size() < 2 * options.rows * columns)
    throw Error(ErrorKind::value, "too few items to search a grid of " +
                                      std::to_string(options.rows) + " x " +
                                      std::to_string(columns) + " among");
}

}  // namespace detail

/// Grows a grid from one row (x_1, ..., x_c): every candidate x'_1 gets the row of the items
/// nearest by cosine to x'_1 + (x_j − x_1), scored by how well its differences agree with the
/// seed's; the best rows with no item twice make the grid.
///
/// The grid adds up because it was chosen to, and so it does from any row, to a degree. The null is
/// therefore another row to start from, with the whole search repeated:
///     near         a random candidate, and the items that are to it, in the order of nearness,
///     what
///                  x_j are to x_1. p is of "such a G, if this row were a random word with words as
///                  near": it tests that the row's differences lead anywhere at all.
///     mismatched   a word from each column of the grid found, no two of one row (France, Rome,
///                  German). It tests that the row's words belong together, not just that they are
///                  of these types. Its rows come from the grid that this seed found, so they are
///                  no independent draws and p is no more than a contrast (on random items .42 on
///                  average, where .525 would be right): the seed must beat it as well.
/// A search that finds fewer rows than asked for has G = 0, as chance has.
/// Commutes only where G does against both. G of the seed's own grid tested as though it had been
/// given (product_test) would count the search as evidence.
///
/// The same bits for any number of threads. Throws Error{value} for a row with an item twice, items
/// there are not, fewer rows than three or than columns, samples < 1, and where fewer rows are
/// found than asked for; Error{cancelled}. Cost: candidates · V · (entries of a row + 2 · samples ·
/// (c − 1)); memory: samples · c · V · 12 bytes.
inline GridSearch grid_search(const Representation& representation, std::span<const Id> seed_row,
                              const GridSearchOptions& options = {},
                              const Progress& progress = {}) {
  const detail::SeedRow seed(seed_row.begin(), seed_row.end());
  detail::require_search(representation, seed, options);
  std::vector<Id> candidates(options.candidates.begin(), options.candidates.end());
  if (candidates.empty()) candidates = detail::in_order(representation.size());

  const auto order = detail::by_nearness(representation, seed.front());
  std::vector<Index> places;
  for (std::size_t j = 1; j < seed.size(); ++j)
    places.push_back(std::ranges::find(order, seed[j]) - order.begin());
  std::vector<detail::SeedRow> seeds(options.samples + 1, seed);
  parallel_for(options.samples, [&](Index s) {
    Random random(options.seed, static_cast<std::uint64_t>(2 * s));
    seeds[s + 1] = detail::near_row(representation, places, candidates, random);
  });
  const auto search = [&](std::span<const detail::SeedRow> from) {
    const auto scored = detail::scored_rows(representation, from, candidates, progress);
    std::vector<detail::FoundGrid> found(from.size());
    parallel_for(static_cast<Index>(from.size()), [&](Index s) {
      found[s] = detail::found_grid(representation, from[s], scored[s], options.rows);
    });
    return found;
  };
  const auto near = search(seeds);
  GridSearch made;
  made.grid = near.front().grid;
  made.scores = near.front().scores;
  made.score = near.front().score;
  made.G = near.front().G;
  if (made.grid.rows < options.rows)
    throw Error(ErrorKind::value, "only " + std::to_string(made.grid.rows) + " of " +
                                      std::to_string(options.rows) +
                                      " rows are found without an item twice; ask for fewer rows, "
                                      "or try more candidates");
  for (Index s = 0; s < options.samples; ++s) {
    Random random(options.seed, static_cast<std::uint64_t>(2 * s + 1));
    seeds[s] = detail::mismatched_row(made.grid, random);
  }
  const auto mismatched = search(std::span(seeds).first(options.samples));

  const auto test = [&](const char* name, double observed, double detail::FoundGrid::*value,
                        std::span<const detail::FoundGrid> draws, const char* kind,
                        const char* keeps) {
    std::vector<double> values;
    for (const auto& draw : draws) values.push_back(draw.*value);
    NullTest of = judged({.name = name, .worst = 0, .best = 1, .of = "grid", .share = false},
                         observed, std::move(values), options.rule);
    of.null_kind = kind;
    of.keeps = keeps;
    of.seed = options.seed;
    return of;
  };
  constexpr const char* keeps_near =
      "Keeps the search and how near the row's items are to its first; another first item at "
      "random: loses which differences the row has.";
  constexpr const char* keeps_types =
      "Keeps the search and the columns of the grid it found; a row of items from different rows: "
      "loses which belong together.";
  const auto near_draws = std::span(near).subspan(1);
  made.near_G = test("additivity G", made.G, &detail::FoundGrid::G, near_draws, "near", keeps_near);
  made.near_score = test("agreement of rows", made.score, &detail::FoundGrid::score, near_draws,
                         "near", keeps_near);
  made.mismatched_G =
      test("additivity G", made.G, &detail::FoundGrid::G, mismatched, "mismatched", keeps_types);
  made.mismatched_score = test("agreement of rows", made.score, &detail::FoundGrid::score,
                               mismatched, "mismatched", keeps_types);
  const NullTest& decides = deciding({&made.near_G, &made.mismatched_G});
  made.verdict = decides.verdict;
  made.reason = "Against " + decides.null_kind + ": " + decides.reason;
  return made;
}

}  // namespace yoneda
