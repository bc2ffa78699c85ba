#include "yoneda/study/views_file.hpp"

#include <algorithm>

#include "graph_json.hpp"
#include "json.hpp"
#include "test_json.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view views_format = "yoneda-views/1";
constexpr std::size_t most_ranked = 50;

Json shares_json(const HodgeShares& shares) {
  return {{"gradient", number_or_null(shares.gradient)},
          {"curl", number_or_null(shares.curl)},
          {"harmonic", number_or_null(shares.harmonic)}};
}

Json feature_json(Id node, double potential, const ArrowsFile* arrows) {
  Json json{{"node", node}, {"potential", potential}};
  if (!arrows || node >= arrows->arrows.n) return json;
  json["raised"] = words_json(arrows->arrows.positive(node), arrows->vocabulary, 8);
  json["lowered"] = words_json(arrows->arrows.negative(node), arrows->vocabulary, 8);
  return json;
}

/// The first and the last of each list; no node in both.
Json rankings_json(const HodgeView& view, const ArrowsFile* arrows) {
  Json lists = Json::array();
  for (const std::vector<Id>& ranking : view.found.rankings) {
    const std::size_t ends = std::min(most_ranked, ranking.size() / 2);
    Json top = Json::array(), bottom = Json::array();
    for (std::size_t i = 0; i < ends; ++i) {
      const Id high = ranking[i], low = ranking[ranking.size() - 1 - i];
      top.push_back(feature_json(high, view.found.potential[high], arrows));
      bottom.push_back(feature_json(low, view.found.potential[low], arrows));
    }
    lists.push_back({{"nodes", ranking.size()}, {"highest", top}, {"lowest", bottom}});
  }
  return lists;
}

Json hodge_json(const HodgeView& view, const ArrowsFile* arrows) {
  const HodgeDecomposition& found = view.found;
  Json potentials = Json::array();
  for (const double s : found.potential) potentials.push_back(number_or_null(s));
  return {{"cochain", name(view.cochain.kind)},
          {"edges", view.cochain.size()},
          {"left_out",
           {{"one_way", view.cochain.one_way}, {"opposite_signs", view.cochain.opposite_signs}}},
          {"constant", view.cochain.constant},
          {"nodes", found.nodes},
          {"components", found.parts},
          {"triangles", found.triangles},
          {"curl_rank", found.curl_rank ? Json(*found.curl_rank) : Json(nullptr)},
          {"share", shares_json(found.share)},
          {"chance", shares_json(found.chance)},
          {"overlap", found.overlap},
          {"tests", tests_json(view.tests)},
          {"notes", view.notes},
          {"rankings", rankings_json(view, arrows)},
          {"potentials", potentials},
          {"component_of", found.components.label}};
}

Json category_json(Id category, const Viewed& viewed) {
  if (category < 0 || !viewed.categories) return {{"id", nullptr}, {"words", Json::array()}};
  const auto& words = viewed.categories->words;
  const bool named = category < static_cast<Id>(words.size());
  return {{"id", category}, {"words", named ? Json(words[category]) : Json::array()}};
}

Json sheaf_json(const SheafView& view, const Viewed& viewed) {
  Json edges = Json::array(), triangles = Json::array(), joined = Json::array();
  std::vector<char> met(view.sheaf.categories, 0);
  for (const SheafEdge& e : view.sheaf.edges) {
    std::vector<double> rows;
    for (Index i = 0; i < e.O.rows(); ++i)
      for (Index j = 0; j < e.O.cols(); ++j) rows.push_back(e.O(i, j));
    edges.push_back({{"categories", {e.a, e.b}}, {"pairs", e.pairs}, {"map", rows}});
    met[e.a] = met[e.b] = 1;
  }
  for (Id c = 0; c < static_cast<Id>(met.size()); ++c)
    if (met[c]) joined.push_back(category_json(c, viewed));
  for (const SheafTriangle& t : view.triangles)
    triangles.push_back({{"categories", {t.a, t.b, t.c}}, {"holonomy", t.holonomy}});
  return {{"rank", view.sheaf.rank},
          {"categories", joined},
          {"left_out",
           {{"too_small", view.data.too_small},
            {"unjoined", view.data.unjoined},
            {"pairs_of_categories_with_too_few", view.data.too_few},
            {"pairs_of_categories_degenerate", view.data.degenerate}}},
          {"edges", edges},
          {"triangles", triangles},
          {"spectrum",
           {{"smallest", number_or_null(view.spectrum.smallest)},
            {"sections", view.spectrum.sections},
            {"sections_of_trees", view.spectrum.of_trees},
            {"components", view.spectrum.components},
            {"tolerance", view.spectrum.tolerance},
            {"eigenvalues", view.spectrum.eigenvalues}}},
          {"ambient",
           {{"holonomy", number_or_null(view.ambient_holonomy)},
            {"smallest", number_or_null(view.ambient_smallest)}}},
          {"tests", tests_json(view.tests)}};
}

Json magnitude_json(const CategoryMagnitude& of, const Viewed& viewed) {
  Json json = category_json(of.category, viewed);
  json["features"] = of.features;
  json["shortened_arrows"] = of.shortened;
  if (of.at_scale.empty()) {
    json["refused"] = of.refused;
    return json;
  }
  json["magnitude"] = of.at_scale;
  json["condition"] = of.condition;
  return json;
}

Json lawvere_json(const LawvereView& view, const Viewed& viewed) {
  Json worst = Json::array(), magnitudes = Json::array();
  for (const EnrichmentDefect& defect : view.defects.worst)
    worst.push_back({{"path", {defect.a, defect.b, defect.c}},
                     {"direct", defect.direct},
                     {"through", defect.through},
                     {"defect", defect.size()}});
  for (const CategoryMagnitude& of : view.magnitudes)
    magnitudes.push_back(magnitude_json(of, viewed));
  return {{"paths", view.defects.paths},
          {"with_direct_arrow", view.defects.direct},
          {"with_defect", view.defects.broken},
          {"enriched_share", number_or_null(view.defects.enriched_share())},
          {"defects_sum", view.defects.sum},
          {"worst", worst},
          {"tests", tests_json(view.tests)},
          {"scales", magnitude_scales},
          {"magnitudes", magnitudes},
          {"notes", view.notes}};
}

}  // namespace

void write_views(const std::string& path, const Views& views, const Viewed& viewed,
                 const Record& record) {
  Json json = to_json(record, views_format);
  json["graph"] = graph_json(viewed.graph);
  if (views.hodge) json["hodge"] = hodge_json(*views.hodge, viewed.arrows);
  if (views.sheaf) json["sheaf"] = sheaf_json(*views.sheaf, viewed);
  if (views.lawvere) json["lawvere"] = lawvere_json(*views.lawvere, viewed);
  json["refused"] = Json::object();
  for (const auto& [view, reason] : views.refused) json["refused"][view] = reason;
  write_json(path, json);
}

}  // namespace yoneda::study
