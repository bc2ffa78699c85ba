// Products: do the points of a grid x_ij (rows: countries; columns: country, capital, adjective)
// add up from a part for the row and a part for the column?
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/representation.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda {

/// Items laid out in rows and columns.
struct Grid {
  Index rows = 0, columns = 0;
  std::vector<Id> items;  ///< [rows, columns], row after row, each item once

  Id operator()(Index i, Index j) const { return items[i * columns + j]; }
};

/// Two-way decomposition without replication: x_ij − mean = row part + column part + the rest
/// (Fisher 1925, Statistical Methods for Research Workers, for vectors: squares are ‖·‖²).
struct Decomposition {
  Index rows = 0, columns = 0;
  double ss_rows = 0, ss_columns = 0, ss_rest = 0;  ///< SS_A, SS_B, SS_AB

  double ss_total() const { return ss_rows + ss_columns + ss_rest; }
  double ms_rows() const { return ss_rows / static_cast<double>(rows - 1); }
  double ms_columns() const { return ss_columns / static_cast<double>(columns - 1); }
  double ms_rest() const { return ss_rest / static_cast<double>((rows - 1) * (columns - 1)); }

  /// G = 1 − MS_AB / (SS_tot / (rc − 1)): 0 for points without order, 1 where all add up. Unlike
  /// the share 1 − SS_AB / SS_tot, which is (r + c − 2) / (rc − 1) by chance: .67 on 2×2. NaN where
  /// all points are one.
  double G() const {
    const double per_degree = ss_total() / static_cast<double>(rows * columns - 1);
    return per_degree > 0 ? 1 - ms_rest() / per_degree : std::numeric_limits<double>::quiet_NaN();
  }
  /// MS_A / MS_AB and MS_B / MS_AB: infinite where all add up.
  double F_rows() const { return ms_rows() / ms_rest(); }
  double F_columns() const { return ms_columns() / ms_rest(); }
};

/// How the mass Σ z² of a grid's features, but for those that are the same on all of it, divides by
/// what they do on it: the largest part of a feature's sum of squares about its mean is
struct KindOfCode {
  double local = 0;          ///< the rest: η_AB > ½, it fires on single points
  double compositional = 0;  ///< a row or a column: max(η_A, η_B) > ½, it fires for one factor
  double superposed = 0;     ///< neither
};

struct ProductOptions {
  Index samples = 1000;
  std::uint64_t seed = 1;
  VerdictRule rule = {};
};

struct ProductTest {
  std::string representation;
  Decomposition observed;
  double G = 0;
  NullTest rows;     ///< G against points permuted within each column: do rows hold together?
  NullTest columns;  ///< G against points permuted within each row
  double p = 1;      ///< the larger of both
  Verdict verdict = Verdict::underpowered;
  std::string reason;
  KindOfCode kind, kind_mean, kind_sd;  ///< observed; over permutations of all cells
  std::vector<Index> failures;  ///< cells, row after row, by ‖what does not add up‖, largest first
  std::vector<double> rest;     ///< [rows, columns], that norm over its root mean square
  std::vector<std::string> notes;
};

namespace detail {

/// Throws Error{value} for what is no grid.
inline void require_grid(const Grid& grid) {
  if (grid.rows < 2 || grid.columns < 2)
    throw Error(ErrorKind::value, "a grid takes at least two rows and two columns, not " +
                                      std::to_string(grid.rows) + " x " +
                                      std::to_string(grid.columns));
  if (static_cast<Index>(grid.items.size()) != grid.rows * grid.columns)
    throw Error(ErrorKind::shape, std::to_string(grid.items.size()) + " items for a grid of " +
                                      std::to_string(grid.rows) + " x " +
                                      std::to_string(grid.columns));
  std::vector<Id> sorted = grid.items;
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end())
    throw Error(ErrorKind::value, "item " + std::to_string(*twice) +
                                      " is twice in the grid: its points would add up by "
                                      "themselves");
}

/// K less the means of its rows and columns: the products of the points about their mean. What
/// rounding leaves of points that are all one is taken for nothing.
inline Eigen::MatrixXd centred_gram(const Eigen::MatrixXd& K) {
  const Eigen::VectorXd means = K.rowwise().mean();
  const double mean = means.mean();
  Eigen::MatrixXd centred = K;
  centred.colwise() -= means;
  centred.rowwise() -= means.transpose();
  centred.array() += mean;
  if (!(centred.trace() > 1e-12 * K.trace())) centred.setZero();
  return centred;
}

/// Σ over groups of cells of ‖Σ of the group's points‖² from the products K of the points; cell x
/// holds point at[x], group(x) names its group of `size` cells.
inline double sum_over_groups(const Eigen::MatrixXd& K, std::span<const Id> at, Index groups,
                              Index size, const auto& cell) {
  double sum = 0;
  for (Index g = 0; g < groups; ++g)
    for (Index x = 0; x < size; ++x) {
      const Id p = at[cell(g, x)];
      sum += K(p, p);
      for (Index y = 0; y < x; ++y) sum += 2 * K(at[cell(g, y)], p);
    }
  return sum;
}

/// The decomposition of points laid out as `at`, from their centred products. Cost: rc (r + c).
inline Decomposition decomposition(const Eigen::MatrixXd& centred, std::span<const Id> at,
                                   Index rows, Index columns) {
  Decomposition made{.rows = rows, .columns = columns};
  made.ss_rows = sum_over_groups(centred, at, rows, columns,
                                 [&](Index i, Index j) { return i * columns + j; }) /
                 static_cast<double>(columns);
  made.ss_columns = sum_over_groups(centred, at, columns, rows,
                                    [&](Index j, Index i) { return i * columns + j; }) /
                    static_cast<double>(rows);
  made.ss_rest = std::max(0.0, centred.trace() - made.ss_rows - made.ss_columns);
  return made;
}

/// G rounded to 2^-40: layouts that differ in the names of rows alone tie.
inline double rounded_G(const Decomposition& of) {
  return rounded(of.G());
}

inline std::vector<Id> in_order(Index count) {
  std::vector<Id> order(count);
  for (Index i = 0; i < count; ++i) order[i] = static_cast<Id>(i);
  return order;
}

inline std::vector<Id> permuted_within_rows(Index rows, Index columns, Random& random) {
  std::vector<Id> at = in_order(rows * columns);
  for (Index i = 0; i < rows; ++i) shuffle(std::span(at).subspan(i * columns, columns), random);
  return at;
}

inline std::vector<Id> permuted_within_columns(Index rows, Index columns, Random& random) {
  std::vector<Id> at(rows * columns);
  for (Index j = 0; j < columns; ++j) {
    const auto order = permutation(rows, random);
    for (Index i = 0; i < rows; ++i) at[i * columns + j] = static_cast<Id>(order[i] * columns + j);
  }
  return at;
}

/// The smallest p that permuting `size` things within each of `groups` can give: (size!)^(groups −
/// 1) layouts are different but for names.
inline double least_permuted_p(Index size, Index groups) {
  return std::exp(-std::lgamma(static_cast<double>(size) + 1) * static_cast<double>(groups - 1));
}

/// Features by what they do on the grid: Z holds one row a point, laid out as `at`.
inline KindOfCode kind_of_code(const Eigen::MatrixXd& Z, std::span<const Id> at, Index rows,
                               Index columns) {
  KindOfCode kind;
  double mass = 0;
  std::vector<double> by_row(rows), by_column(columns);
  const auto squares = [](const std::vector<double>& sums) {
    double sum = 0;
    for (const double x : sums) sum += x * x;
    return sum;
  };
  for (Index f = 0; f < Z.cols(); ++f) {
    std::ranges::fill(by_row, 0.0);
    std::ranges::fill(by_column, 0.0);
    const double mean = Z.col(f).mean();
    double square = 0, total = 0;
    for (Index x = 0; x < rows * columns; ++x) {
      const double z = Z(at[x], f), about = z - mean;
      square += z * z;
      total += about * about;
      by_row[x / columns] += about;
      by_column[x % columns] += about;
    }
    if (!(total > 1e-12 * square)) continue;  // the same everywhere: it tells no point from another
    mass += square;
    const double of_rows = squares(by_row) / static_cast<double>(columns) / total;
    const double of_columns = squares(by_column) / static_cast<double>(rows) / total;
    if (1 - of_rows - of_columns > 0.5)
      kind.local += square;
    else if (std::max(of_rows, of_columns) > 0.5)
      kind.compositional += square;
    else
      kind.superposed += square;
  }
  if (mass > 0)
    for (double* share : {&kind.local, &kind.compositional, &kind.superposed}) *share /= mass;
  return kind;
}

inline void summarise_kinds(ProductTest& test, const std::vector<KindOfCode>& draws) {
  for (auto share : {&KindOfCode::local, &KindOfCode::compositional, &KindOfCode::superposed}) {
    std::vector<double> values;
    for (const KindOfCode& draw : draws) values.push_back(draw.*share);
    const NullSummary summary = null_summary(values);
    test.kind_mean.*share = summary.mean;
    test.kind_sd.*share = summary.sd;
  }
}

/// ‖x_ij − x_i. − x_.j + x_..‖ of every cell.
inline std::vector<double> rest_norms(const Eigen::MatrixXd& Z, Index rows, Index columns) {
  const Eigen::RowVectorXd mean = Z.colwise().mean();
  Eigen::MatrixXd by_row = Eigen::MatrixXd::Zero(rows, Z.cols());
  Eigen::MatrixXd by_column = Eigen::MatrixXd::Zero(columns, Z.cols());
  for (Index x = 0; x < rows * columns; ++x) {
    by_row.row(x / columns) += Z.row(x) / static_cast<double>(columns);
    by_column.row(x % columns) += Z.row(x) / static_cast<double>(rows);
  }
  std::vector<double> norms;
  for (Index x = 0; x < rows * columns; ++x)
    norms.push_back(
        (Z.row(x) - by_row.row(x / columns) - by_column.row(x % columns) + mean).norm());
  return norms;
}

inline void conclude(ProductTest& test, const ProductOptions& options) {
  const Index rows = test.observed.rows, columns = test.observed.columns;
  const auto refuse = [](NullTest& of, const std::string& reason) {
    of.verdict = Verdict::underpowered;
    of.reason = reason;
  };
  const auto check = [&](NullTest& of, double least, const std::string& what) {
    if (least > options.rule.alpha)
      refuse(of, "Permuting within each " + what + " of a grid of " + std::to_string(rows) + " x " +
                     std::to_string(columns) + " cannot give a p below " + number("%.2g", least) +
                     ", whatever the points are.");
  };
  check(test.rows, least_permuted_p(rows, columns), "column");
  check(test.columns, least_permuted_p(columns, rows), "row");
  test.p = std::max(test.rows.p_upper, test.columns.p_upper);
  const NullTest& decides = deciding({&test.rows, &test.columns});
  test.verdict = decides.verdict;
  test.reason = "Against " + decides.null_kind + ": " + decides.reason;
  if (test.verdict == Verdict::commutes)
    test.reason = "Within columns: " + test.rows.reason + " Within rows: " + test.columns.reason;
}

}  // namespace detail

/// The decomposition of a grid. Throws Error{value, shape} for what is no grid of items. Cost:
/// (rc)² times the entries of a row.
inline Decomposition decomposition(const Representation& representation, const Grid& grid) {
  detail::require_grid(grid);
  const Eigen::MatrixXd centred = detail::centred_gram(gram(representation, grid.items));
  return detail::decomposition(centred, detail::in_order(grid.rows * grid.columns), grid.rows,
                               grid.columns);
}

/// Tests whether a grid is a product. Two nulls, for both factors must be there: points permuted
/// within each column (which country a capital belongs to is lost: null for the rows), points
/// permuted within each row (null for the columns). Either keeps SS_tot and the other factor's sum
/// of squares, so that G, F and the share of the factor order the draws alike: one p for all three.
/// It commutes where both do; p is the larger. p is of "such a G, if the points of a column (row)
/// were laid out by chance".
///
/// No verdict where even points that all add up could not reach alpha: permuting within columns has
/// (r!)^(c−1) outcomes, within rows (c!)^(r−1); 2 on a lone 2×2.
///
/// The same bits for any number of threads. Throws Error{value} for items there are not or twice,
/// fewer than two rows or columns, samples < 1; Error{shape}; Error{cancelled}. Cost: (rc)² times
/// the entries of a row, + samples · rc (r + c + features).
inline ProductTest product_test(const Representation& representation, const Grid& grid,
                                const ProductOptions& options = {}, const Progress& progress = {}) {
  detail::require_grid(grid);
  require_samples(options.samples);
  const Index rows = grid.rows, columns = grid.columns, cells = rows * columns;
  const Eigen::MatrixXd centred = detail::centred_gram(gram(representation, grid.items));
  const Coordinates points = coordinates(representation, grid.items);

  std::vector<double> of_rows(options.samples), of_columns(options.samples);
  std::vector<KindOfCode> kinds(options.samples);
  parallel_for(
      options.samples,
      [&](Index s) {
        Random random(options.seed, static_cast<std::uint64_t>(s));
        const auto G = [&](const std::vector<Id>& at) {
          return detail::rounded_G(detail::decomposition(centred, at, rows, columns));
        };
        of_rows[s] = G(detail::permuted_within_columns(rows, columns, random));
        of_columns[s] = G(detail::permuted_within_rows(rows, columns, random));
        kinds[s] = detail::kind_of_code(points.values, permutation(cells, random), rows, columns);
      },
      progress, "product");

  ProductTest made;
  made.representation = representation.name;
  const auto in_order = detail::in_order(cells);
  made.observed = detail::decomposition(centred, in_order, rows, columns);
  made.G = detail::rounded_G(made.observed);
  const Quantity quantity{
      .name = "additivity G", .worst = 0, .best = 1, .of = "grid", .share = false};
  // where all points are one, G is no number, and the tests say so
  made.rows = judged(quantity, made.G, std::move(of_rows), options.rule);
  made.rows.null_kind = "permute-within-columns";
  made.rows.keeps =
      "Keeps every column's points; loses which of them are in one row. Null for the rows.";
  made.columns = judged(quantity, made.G, std::move(of_columns), options.rule);
  made.columns.null_kind = "permute-within-rows";
  made.columns.keeps =
      "Keeps every row's points; loses which of them are in one column. Null for the columns.";
  made.rows.seed = made.columns.seed = options.seed;
  detail::conclude(made, options);

  made.kind = detail::kind_of_code(points.values, in_order, rows, columns);
  detail::summarise_kinds(made, kinds);
  made.rest = detail::rest_norms(points.values, rows, columns);
  double square = 0;
  for (const double norm : made.rest) square += norm * norm / static_cast<double>(cells);
  if (square > 0)
    for (double& norm : made.rest) norm /= std::sqrt(square);
  for (Index cell = 0; cell < cells; ++cell) made.failures.push_back(cell);
  std::ranges::stable_sort(made.failures,
                           [&](Index x, Index y) { return made.rest[x] > made.rest[y]; });
  return made;
}

}  // namespace yoneda
