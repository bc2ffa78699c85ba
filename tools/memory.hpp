// --memory: how much the steps of the main job may hold. No limit of the system's goes with it:
// oneDNN crashes where it is refused memory.
#pragma once

#include <CLI/CLI.hpp>

#include "yoneda/core/types.hpp"
#include "yoneda/study/steps.hpp"

namespace tool {

/// "4G", "500M", "65536": bytes, by powers of 1024; -1 for any other text.
yoneda::Index bytes_from(const std::string& text);

/// Adds the flag.
void add_memory_flag(CLI::App& app);

/// What the user named; without, half of the memory there is.
yoneda::Index memory_limit();

/// What of memory_limit() is not yet held, mapped files apart.
yoneda::Index memory_left();

/// What the steps' memory follows from. V is of the tokens that a null works on: 0 of a decoder
/// graph.
struct JobSizes {
  yoneda::Index n = 0, d = 0, V = 0, k = 0;
};

/// The step with as many features and tokens for its null as `left` bytes hold; says so where they
/// are fewer than wanted. Throws as study::fit.
yoneda::study::CheckStep null_that_fits(yoneda::study::CheckStep step, const JobSizes& sizes,
                                        yoneda::Index left);

/// Throw Error{resource}, and say what to do, where `left` bytes do not hold a graph of n features
/// with k arrows at each end, or categories of a graph.
void require_room_for_graph(yoneda::Index n, yoneda::Index k,
                            const yoneda::NeighborOptions& neighbors, yoneda::Index left);
void require_room_for_categories(yoneda::Index n, yoneda::Index edges,
                                 const yoneda::study::CategoryStep& step, yoneda::Index left);

/// What to tell who ran out of it.
std::string out_of_memory_text();

}  // namespace tool
