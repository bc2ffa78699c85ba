// The steps of the main job: arrows, graph, categories, check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/graph/neighbors.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/categories_file.hpp"
#include "yoneda/study/check_file.hpp"
#include "yoneda/study/graph_file.hpp"
#include "yoneda/study/sources.hpp"
#include "yoneda/study/unfinished.hpp"

namespace yoneda::study {

struct ArrowStep {
  Index k = 50;
  Convention convention = Convention::automatic;
  Index block = 4096;  ///< features done together; what an interruption loses at most
};

struct GraphStep {
  GraphKind kind = GraphKind::profile;  ///< profile or decoder
  NeighborOptions neighbors;
};

struct CategoryStep {
  std::string method = "sponge";  ///< sponge, or kmeans on decoder rows
  Index count = 0;                ///< 0: the square root of the number of features
  std::uint64_t seed = 1;
};

struct CheckStep {
  std::string null;  ///< gaussian, sign, none; empty: what suits the graph
  Index samples = 200;
  std::uint64_t seed = 1;
  Index features = 2048, tokens = 32768;  ///< the null's budget
};

/// Logit arrows of every feature, block by block: the same whether all blocks are made now or some
/// were kept in `unfinished` by a run that was interrupted. Once all are made the caller writes the
/// whole and discards them. Throws as logit_arrows and UnfinishedArrows::find; Error{cancelled}
/// tells what is kept.
ArrowsFile make_arrows(const Sources& sources, const ArrowStep& step, const Progress& progress = {},
                       UnfinishedArrows unfinished = {});

/// A graph from arrows; a decoder graph needs the SAE as well. Throws Error{value} without it.
GraphFile make_graph(const ArrowsFile& arrows, const Sources* sources, const GraphStep& step,
                     const Progress& progress = {});

/// Categories of an undirected graph, with labels where there are arrows. `kmeans` needs the SAE.
Categories make_categories(const GraphFile& graph, const ArrowsFile* arrows, const Sources* sources,
                           const CategoryStep& step, const Progress& progress = {});

/// Balance, triangles, frustration, and the tests against a null. A gaussian null makes the graph
/// again, so it needs the sources; where they are missing and the user did not ask for it, the
/// tests are left out and a note says so. Throws Error{value} for a null that does not fit the
/// graph.
Check make_check(const GraphFile& graph, const Sources* sources, const CheckStep& step,
                 const Progress& progress = {});

/// The graph kind a user names ("profile", "decoder"); nothing for others.
std::optional<GraphKind> buildable_kind(std::string_view name);

}  // namespace yoneda::study
