#include "yoneda/study/check_file.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "check_json.hpp"
#include "yoneda/category/frustration_bound.hpp"
#include "yoneda/category/walk_balance.hpp"
#include "yoneda/graph/virtual.hpp"

namespace yoneda::study {
namespace {

Json feature_json(Id feature, const Check& check, const ArrowsFile* arrows) {
  Json json{{"feature", feature},
            {"frustration", check.by_feature.share[feature]},
            {"triangles", check.by_feature.triangles[feature]}};
  if (!check.feature_p.p.empty()) {
    json["p"] = number_or_null(check.feature_p.p[feature]);
    json["q"] = number_or_null(check.feature_p.q[feature]);
    json["pool"] = check.feature_p.pool[feature];
  }
  if (arrows) {
    json["raised"] = words_json(arrows->arrows.positive(feature), arrows->vocabulary, 8);
    json["lowered"] = words_json(arrows->arrows.negative(feature), arrows->vocabulary, 8);
  }
  return json;
}

Json component_json(const ComponentFrustration& component) {
  return {{"first", component.first},
          {"nodes", component.nodes},
          {"edges", component.edges},
          {"at_least", component.lower},
          {"at_most", component.upper},
          {"by_packing", component.packing},
          {"by_factorisation", number_or_null(component.certified)}};
}

Json edges_json(const FrustratedEdges& edges) {
  return {{"edges", edges.all},
          {"frustrated", edges.frustrated},
          {"share", number_or_null(edges.share())}};
}

Json frustration_json(const Check& check, const ArrowsFile* arrows) {
  const FrustrationBounds& found = check.frustration;
  Json features = Json::array(), components = Json::array(), categories = Json::array();
  for (const Id feature : check.most_frustrated)
    features.push_back(feature_json(feature, check, arrows));
  for (const ComponentFrustration& component : found.components)
    components.push_back(component_json(component));
  for (std::size_t c = 0; c < check.by_category.size(); ++c)
    categories.push_back({{"id", c},
                          {"inside", edges_json(check.by_category[c].inside)},
                          {"between", edges_json(check.by_category[c].between)}});
  Json json{{"edges_at_least", found.total.lower},
            {"edges_at_most", found.total.upper},
            {"share_at_least", number_or_null(found.total.share_lower)},
            {"share_at_most", number_or_null(found.total.share_upper)},
            {"at_least_by_packing", found.by_packing},
            {"at_least_by_factorisation", found.by_factorisation},
            {"components", components}};
  if (!categories.empty()) json["categories"] = categories;
  json["features"] = features;
  if (!check.feature_p.p.empty())
    json["feature_tests"] = {{"tested", check.feature_p.tested},
                             {"untested", check.feature_p.untested},
                             {"smallest_p", check.feature_p.smallest_p},
                             {"pool_needed", check.feature_p.needed},
                             {"floor", check.feature_p.floor}};
  return json;
}

}  // namespace

Check check_graph(const SignedGraph& given, Index strongest) {
  const bool layers = given.kind() == GraphKind::virtual_ && given.directed();
  const SignedGraph graph = layers ? without_directions(given) : given;
  Check check;
  if (layers) check.squares = square_balance(graph);
  check.balance = balance(graph);
  check.triangles = triangle_balance(graph);
  check.walks = walk_balance(graph);
  check.frustration = frustration_bounds(graph);
  check.notes = check.frustration.notes;
  check.by_feature = feature_frustration(graph);
  check.most_frustrated = most_frustrated(check.by_feature);
  for_each_triangle(graph, [&](const Triangle& t) {
    if (!balanced(t)) check.failures.push_back(t);
  });
  std::ranges::sort(check.failures, {},
                    [](const Triangle& t) { return std::tuple(-weight(t), t.a, t.b, t.c); });
  if (static_cast<Index>(check.failures.size()) > strongest) check.failures.resize(strongest);
  return check;
}

void write_check(const std::string& path, const Check& check, const GraphFile& file,
                 const ArrowsFile* arrows, const Record& record) {
  Json json = begun_check(file, record);
  json["balance"] = {{"balanced", check.balance.balanced()},
                     {"certificate", check.balance.certificate}};
  json["triangles"] = {{"count", check.triangles.count()},
                       {"balanced", check.triangles.balanced},
                       {"unbalanced", check.triangles.unbalanced},
                       {"balance", number_or_null(check.triangles.share())},
                       {"weighted_balance", number_or_null(check.triangles.weighted_share())}};
  if (check.squares)
    json["squares"] = {{"count", check.squares->count()},
                       {"balanced", check.squares->balanced},
                       {"unbalanced", check.squares->unbalanced},
                       {"balance", number_or_null(check.squares->share())},
                       {"weighted_balance", number_or_null(check.squares->weighted_share())}};
  if (check.isotropic)
    json["isotropic"] = {{"dimension", check.isotropic->dimension},
                         {"predicted", check.isotropic->predicted},
                         {"observed", check.isotropic->observed},
                         {"excess", check.isotropic->excess()}};
  json["walks"] = {{"balance", check.walks.value},
                   {"log_balance", check.walks.log_value},
                   {"error", check.walks.error},
                   {"exact", check.walks.exact}};
  json["frustration"] = frustration_json(check, arrows);
  json["tests"] = Json::array();
  for (const NullTest& test : check.tests) {
    Json of = test_json(test);
    of["features"] = check.null_features;
    of["tokens"] = check.null_tokens;
    json["tests"].push_back(std::move(of));
  }
  json["failures"] = Json::array();
  for (const Triangle& t : check.failures)
    json["failures"].push_back(
        {{"triangle", {t.a, t.b, t.c}}, {"weights", {t.ab, t.ac, t.bc}}, {"strength", weight(t)}});
  json["notes"] = check.notes;
  keep_parts(json, path);
  write_json(path, json);
}

}  // namespace yoneda::study
