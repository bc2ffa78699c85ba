// Other views of one graph, Hodge, sheaf and Lawvere, and views.json.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "yoneda/category/enrichment_defects.hpp"
#include "yoneda/category/hodge.hpp"
#include "yoneda/category/sheaf_tests.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/categories_file.hpp"
#include "yoneda/study/graph_file.hpp"
#include "yoneda/study/pair.hpp"
#include "yoneda/study/record.hpp"
#include "yoneda/study/sources.hpp"

namespace yoneda::study {

struct ViewStep {
  Index rank = 4;              ///< of stalks
  std::vector<Id> categories;  ///< those that sheaf and magnitudes are of; empty: all
  Index samples = 200;
  std::uint64_t seed = 1;
  Index features = 2048, tokens = 32768;  ///< the budget of a null that makes the graph again
};

/// What a graph is seen with. Null where there is none.
struct Viewed {
  const GraphFile& graph;
  const NamedPartition* categories = nullptr;
  const Sources* sources = nullptr;
  const SaePair* pair = nullptr;       ///< of a virtual graph
  const ArrowsFile* arrows = nullptr;  ///< for words; the sources must be those of these
};

struct HodgeView {
  Cochain cochain;
  HodgeDecomposition found;
  std::vector<NullTest> tests;
  std::vector<std::string> notes;
};

struct SheafView {
  SheafData data;
  Sheaf sheaf;
  std::vector<SheafTriangle> triangles;
  SheafSpectrum spectrum;
  std::optional<double> ambient_holonomy;  ///< mean, of maps that no pairs are needed for
  std::optional<double> ambient_smallest;
  std::vector<NullTest> tests;
};

/// How many points a category is worth, its arrows closed under the cheapest paths inside it.
struct CategoryMagnitude {
  Id category = -1;  ///< -1: the whole graph, where there are no categories
  Index features = 0;
  Index shortened = 0;  ///< arrows inside it that a path inside it is cheaper than
  double condition = 0;
  std::vector<double> at_scale;  ///< at magnitude_scales; empty where it could not be computed
  std::string refused;           ///< why

  /// At scale 1, the graph's own; nothing where it could not be computed.
  std::optional<double> magnitude() const {
    if (at_scale.empty()) return std::nullopt;
    return at_scale[1];
  }
};

/// t of |tX|.
inline constexpr std::array<double, 3> magnitude_scales{0.5, 1, 2};

struct LawvereView {
  EnrichmentDefects defects;
  std::vector<NullTest> tests;  ///< empty where there is no null
  std::vector<CategoryMagnitude> magnitudes;
  std::vector<std::string> notes;
};

struct Views {
  std::optional<HodgeView> hodge;
  std::optional<SheafView> sheaf;
  std::optional<LawvereView> lawvere;
  std::map<std::string, std::string> refused;  ///< view -> why it is not there
};

/// Of a virtual graph whose SAEs are there the first test is beside joint rotations of the one that
/// reads, for permuted weights make too easy a null (see hodge_tests). Throws Error{value} with the
/// reason where the graph has no cochain (see cochain).
HodgeView hodge_view(const Viewed& viewed, const ViewStep& step, const Progress& progress = {});

/// Throws Error{value} where there are no categories or no decoder, or no two categories have
/// 3 · rank pairs; as sheaf_data.
SheafView sheaf_view(const Viewed& viewed, const ViewStep& step, const Progress& progress = {});

/// Of a profile or decoder graph the null is gaussian and needs the sources, of a user's own its
/// weights are permuted. Throws Error{value} for a graph whose arrows lead from one layer to the
/// next, where nothing composes, and for weights that are no probabilities.
LawvereView lawvere_view(const Viewed& viewed, const ViewStep& step, const Progress& progress = {});

/// Writes atomically; words come from the arrows, without them there are ids alone, and from the
/// categories. Throws Error{file}.
void write_views(const std::string& path, const Views& views, const Viewed& viewed,
                 const Record& record);

}  // namespace yoneda::study
