// The figures of a study: what features do to logits, how categories stand to each other, tests.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/null/verdict.hpp"
#include "yoneda/report/figure.hpp"
#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/categories_file.hpp"

namespace yoneda::report {

/// How many of its logits a feature puts where: a panel a feature, counts on a logarithmic scale,
/// the kept arrows at either end in their colours, with their words. Throws Error{value} for no or
/// more than 24 features, for one that is not there, and for arrows without histograms.
Figure logit_figure(const study::ArrowsFile& file, std::span<const Id> features);

/// What the points of moment_figure are coloured by.
enum class PointColor { norm, category };

/// Skewness against kurtosis of all features' logits; the furthest from a normal law are labelled
/// by the token that they move most. Colours: the norm of the decoder row, or the largest of the
/// categories. Throws Error{value} for categories of other features.
Figure moment_figure(const study::ArrowsFile& file, const study::NamedPartition* categories,
                     PointColor color);

/// Categories as discs, the area by their size, and the strongest arrows between them: blue where
/// what one raises the other raises, orange where the other lowers it.
struct CategoryGraph {
  std::vector<Index> size;
  std::vector<std::vector<std::string>> words;  ///< that each raises
  SignedGraph arrows;
};

/// Of a categories.json. Throws Error{file, format}.
CategoryGraph read_category_graph(const std::string& path);

/// The `most` largest of them. Throws Error{value} where there is none.
Figure quotient_figure(const CategoryGraph& categories, Index most = 60);

/// Every test with a null in a check.json: of the whole graph, of equations, of diagrams. Throws
/// Error{file, format}.
std::vector<NullTest> read_null_tests(const std::string& path);

/// A panel a test: the values of the null draws, their mean and standard deviation, the value that
/// was observed, p and verdict. Throws Error{value} where there is none.
Figure null_figure(std::span<const NullTest> tests);

/// All features on a map made by layout(), coloured by category, the categories named where their
/// members are. Throws Error{value} for categories of other features.
Figure map_figure(const SignedGraph& graph, const study::NamedPartition* categories,
                  const Progress& progress = {});

}  // namespace yoneda::report
