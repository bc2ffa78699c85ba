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

/// Throws Error{value} for options that the method does not have, and names that are none.
void require_options(const CategoryStep& step);

/// As the step says, but for `hierarchy` and `samples`. Counts that were tried go to `counts`.
Clustering grouped(const Material& material, const CategoryStep& step,
                   std::vector<CountStability>& counts, const Progress& progress);

/// How far the categories come back when a part of the features is grouped again as the step says.
Stability stability_of(const Partition& partition, const Material& material,
                       const CategoryStep& step, const Progress& progress);

}  // namespace yoneda::study
