// The steps of the main job: arrows, graph, categories, check.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/arrows/junk.hpp"
#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/graph/neighbors.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/null/token_set.hpp"
#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/categories_file.hpp"
#include "yoneda/study/check_file.hpp"
#include "yoneda/study/graph_file.hpp"
#include "yoneda/study/pair.hpp"
#include "yoneda/study/sources.hpp"
#include "yoneda/study/unfinished.hpp"

namespace yoneda::study {

struct ArrowStep {
  Index k = 50;
  Convention convention = Convention::automatic;
  Index memory = ArrowOptions{}.memory;  ///< bytes for features that meet all tokens together
  Index block = 4096;      ///< features done together; what an interruption loses at most
  bool drop_junk = false;  ///< leave under-trained tokens out (see junk_tokens)
  std::string unused;      ///< tokens known to be unused, "177-187"; empty: as the vocabulary shows
};

struct GraphStep {
  GraphKind kind = GraphKind::profile;  ///< profile, decoder or virtual
  NeighborOptions neighbors;
};

/// How features are grouped, what Leiden makes as large as it can, and what spectra are scaled by.
inline constexpr std::array<std::string_view, 6> category_methods{
    "sponge", "laplacian", "leiden", "correlation", "linkage", "kmeans"};
inline constexpr std::array<std::string_view, 2> leiden_objectives{"modularity", "potts"};
inline constexpr std::array<std::string_view, 3> normalizations{"symmetric", "random-walk", "none"};

/// Who says how many categories there are.
enum class CountBy {
  number,     ///< the user
  automatic,  ///< the largest gap of the spectrum; of linkage and k-means, stability
  stability,  ///< the count whose categories come back best (stability_of_counts)
};

struct CategoryStep {
  std::string method = "sponge";  ///< one of category_methods; kmeans is on decoder rows
  CountBy count_by = CountBy::number;
  Index count = 0;  ///< not of leiden and correlation; 0: √n, or where it is chosen 2√n at most, n
                    ///< the features that have an edge (of kmeans all)
  std::string normalization = "symmetric";  ///< of sponge (not random-walk) and laplacian
  std::string objective = "modularity";     ///< of leiden: signed modularity, constant Potts model
  std::optional<double> resolution;         ///< of leiden: more of it makes more categories
  Index consensus = 1;                      ///< what so many runs agree on
  Index samples = 0;                        ///< features drawn again to see what comes back
  bool hierarchy = false;                   ///< of the categories
  std::uint64_t seed = 1;
};

struct CheckStep {
  std::string null;  ///< gaussian, whitened-rotation, rotation, joint-rotation, rewire, sign or
                     ///< none; empty: what suits the graph
  Index samples = 200;
  std::uint64_t seed = 1;
  Index features = 2048, tokens = 32768;  ///< the null's budget
  std::optional<Partition> categories;    ///< to say how frustrated each is
};

struct EnrichmentStep {
  Index samples = 100'000;
  std::uint64_t seed = 1;
  double rate = 0.05;
};

/// Logit arrows of every feature, block by block: the same whether all blocks are made now or some
/// were kept in `unfinished` by a run that was interrupted. Once all are made the caller writes the
/// whole and discards them. Junk stays in by default: then the arrows are those of other tools, and
/// which tokens are under-trained is an estimate. What is left out is recorded: the options `junk`
/// ("keep" or "drop"), `excluded` (ids, "177-187,30905"), `junk_reference` and `junk_threshold`.
/// Throws as logit_arrows, junk_tokens and UnfinishedArrows::find; Error{cancelled} tells what is
/// kept.
ArrowsFile make_arrows(const Sources& sources, const ArrowStep& step, const Progress& progress = {},
                       UnfinishedArrows unfinished = {});

/// A profile graph from arrows, or a decoder graph, which needs the SAE as well. Throws
/// Error{value} without it, and for other kinds.
GraphFile make_graph(const ArrowsFile& arrows, const Sources* sources, const GraphStep& step,
                     const Progress& progress = {});

/// Virtual weights between two SAEs; `neighbors` on either side. Throws as virtual_graph.
GraphFile make_virtual_graph(const SaePair& pair, const NeighborOptions& neighbors,
                             const Progress& progress = {});

/// Throws Error{value} for options that the method does not have, and names that are none.
void require_options(const CategoryStep& step);

/// Groups the features of an undirected graph and says what the groups are: labels where there are
/// arrows, without tokens that the model's unembedding shows to be junk where it is at hand, and
/// silhouettes where the decoder is, which `kmeans` needs.
/// Throws Error{value} for a virtual graph, whose nodes are of two SAEs, and for options that the
/// method does not have; what the methods throw.
Categories make_categories(const GraphFile& graph, const ArrowsFile* arrows, const Sources* sources,
                           const CategoryStep& step, const Progress& progress = {});

/// Balance, triangles, walks, frustration, of a decoder graph the isotropic prediction, and the
/// tests against a null, of the graph and of every feature. Categories that do not fit the graph
/// are left out with a note. A null that draws directions makes the graph again, so it needs the
/// sources; where they are missing and the user did not ask for it, the tests are left out and a
/// note says so. Throws Error{value} for a null that does not fit the graph. A virtual graph is
/// checked as by make_virtual_check, without its SAEs.
Check make_check(const GraphFile& graph, const Sources* sources, const CheckStep& step,
                 const Progress& progress = {});

/// The same of a virtual graph, without its directions and by squares instead of triangles. Its
/// null draws the SAE that reads again, by joint rotations, so it needs both SAEs.
Check make_virtual_check(const GraphFile& graph, const SaePair* pair, const CheckStep& step,
                         const Progress& progress = {});

/// The under-trained tokens of a model; `unused` as in ArrowStep. Throws as junk_tokens.
JunkTokens find_junk(const Sources& sources, const std::string& unused = {},
                     const Progress& progress = {});

/// The tokens that a record says were left out, ascending. Throws Error{value} for ids that are not
/// of V tokens.
std::vector<Id> excluded_tokens(const Record& record, Index V);

/// Token sets against every feature of the SAE that made the arrows, under their convention and
/// without the tokens they leave out. Throws Error{shape} where SAE or model are not theirs, and as
/// enrichment does.
Enrichment make_enrichment(const Sources& sources, const ArrowsFile& arrows,
                           std::span<const TokenSet> sets, const EnrichmentStep& step,
                           const Progress& progress = {});

/// The graph kind a user names ("profile", "decoder", "virtual"); nothing for others.
std::optional<GraphKind> buildable_kind(std::string_view name);

}  // namespace yoneda::study
