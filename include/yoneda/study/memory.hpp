// What the steps of the main job hold in memory beside the weights, and fitting them to a limit.
#pragma once

#include "yoneda/study/steps.hpp"

namespace yoneda::study {

/// Bytes, each at the fullest moment of its step. Estimates from sizes alone: what is allocated was
/// counted in the code and measured, and lies below them unless a graph or vocabulary is strange.
/// Mapped files are not in them: the system takes their pages back when it needs the memory.
///
/// Of arrows, with all of the pass that `step.memory` allows; least_memory() where it may be least.
Index arrows_memory(Index n, Index d, const ArrowStep& step);
Index least_arrows_memory(Index n, Index d, Index k);
/// Of a graph from arrows of k tokens at each end, which are held as well.
Index graph_memory(Index n, Index k, const NeighborOptions& neighbors);
/// Of categories of a graph with `edges` edges: spectra hold a vector of n numbers per category.
Index categories_memory(Index n, Index edges, const CategoryStep& step);
/// Of a null that draws directions, on this many features and tokens.
Index null_memory(Index features, Index tokens, Index d, Index k);

/// As much of the pass as `memory` bytes leave room for; it changes no result. Throws
/// Error{resource} that says how much is needed where there is not even room for the least.
void fit(ArrowStep& step, Index n, Index d, Index memory);

/// Fewer features and tokens for the null where `memory` bytes cannot hold those that are wanted,
/// of n and V that there are (V is 0 of a decoder graph); true where there are fewer. Throws
/// Error{resource} where no null of use fits.
bool fit(CheckStep& step, Index n, Index V, Index d, Index k, Index memory);

/// Throws Error{resource} where `needed` is more than `memory`: "WHAT needs about 3.1 GB of memory,
/// and 1.0 GB are left: ADVICE".
void require_memory(Index needed, Index memory, const std::string& what, const std::string& advice);

}  // namespace yoneda::study
