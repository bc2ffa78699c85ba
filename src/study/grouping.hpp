// A grouping by the method that a step names.
#pragma once

#include "yoneda/cluster/clustering.hpp"
#include "yoneda/cluster/kmeans.hpp"
#include "yoneda/cluster/stability.hpp"
#include "yoneda/study/steps.hpp"

namespace yoneda::study {

/// What is grouped: a graph of features, and their decoder rows, which k-means needs; without them
/// [0, d].
struct Material {
  SignedGraph graph;
  Points rows;
};

/// A step with the number of categories that it leaves open, and what was tried to choose it. Of a
/// spectrum's gap it is the most there may be, and samples look for gaps of their own.
struct ChosenCount {
  CategoryStep step;
  std::vector<CountStability> tried;
};

/// Throws Error{value} where there are too few features to choose by, or to draw samples from.
ChosenCount choose_count(const Material& material, CategoryStep step, const Progress& progress);

/// As the step says, but for `hierarchy` and `samples`. Its count is chosen.
Clustering grouped(const Material& material, const CategoryStep& step, const Progress& progress);

/// How far the categories come back when a part of the features is grouped again as the step says.
Stability stability_of(const Partition& partition, const Material& material,
                       const CategoryStep& step, const Progress& progress);

}  // namespace yoneda::study
