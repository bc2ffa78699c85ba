#include "yoneda/study/categories_file.hpp"

#include <cmath>

#include "json.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view categories_format = "yoneda-categories/1";

Json label_json(const std::vector<LabelToken>& tokens, const Vocabulary& vocabulary) {
  Json words = Json::array();
  for (const LabelToken& entry : tokens)
    words.push_back({{"token", entry.token},
                     {"text", vocabulary.text(entry.token)},
                     {"contrast", entry.contrast}});
  return words;
}

Json category_json(const Categories& categories, Id c, const std::vector<Id>& features,
                   const Vocabulary& vocabulary) {
  Json json{{"id", c}, {"size", features.size()}};
  if (!categories.labels.empty()) {
    json["raised"] = label_json(categories.labels[c].raised, vocabulary);
    json["lowered"] = label_json(categories.labels[c].lowered, vocabulary);
  }
  if (!categories.exemplars.empty()) json["exemplars"] = categories.exemplars[c];
  json["cohesion"] = categories.quotient.cohesion[c].weight;
  if (categories.silhouettes) json["silhouette"] = categories.silhouettes->category[c];
  if (categories.stability && std::isfinite(categories.stability->category[c]))
    json["stability"] = categories.stability->category[c];
  const auto against = opposite(categories.quotient, c);
  json["opposite"] =
      against ? Json{{"category", against->target}, {"weight", against->weight}} : Json(nullptr);
  json["neighbors"] = Json::array();
  for (const CategoryArrow& arrow : nearest(categories.quotient, c))
    json["neighbors"].push_back({{"category", arrow.target}, {"weight", arrow.weight}});
  json["features"] = features;
  return json;
}

/// The words of a category, none without labels.
std::vector<std::string> texts(const Json& category, const std::string& end) {
  std::vector<std::string> found;
  if (!category.contains(end)) return found;
  for (const Json& word : category.at(end)) found.push_back(word.at("text").get<std::string>());
  return found;
}

Json hierarchy_json(const Hierarchy& hierarchy) {
  Json joins = Json::array();
  for (const Join& join : hierarchy.joins)
    joins.push_back({{"left", join.left}, {"right", join.right}, {"weight", join.weight}});
  return {{"leaves", hierarchy.leaves}, {"joins", std::move(joins)}};
}

}  // namespace

void write_categories(const std::string& path, const Categories& categories,
                      const Vocabulary& vocabulary, const Record& record) {
  Json json = to_json(record, categories_format);
  json["method"] = categories.method;
  json["scores"] = {{"modularity", categories.scores.modularity},
                    {"positive_cut", categories.scores.positive_cut},
                    {"negative_uncut", categories.scores.negative_uncut}};
  if (categories.silhouettes) json["scores"]["silhouette"] = categories.silhouettes->mean;
  if (categories.stability) json["scores"]["stability"] = categories.stability->agreement;
  if (categories.hierarchy) json["hierarchy"] = hierarchy_json(*categories.hierarchy);
  for (const CountStability& tried : categories.counts)
    json["counts"].push_back({{"count", tried.count}, {"stability", tried.agreement}});
  json["notes"] = categories.notes;
  json["labels"] = categories.partition.label;
  json["categories"] = Json::array();
  const auto groups = members(categories.partition);
  for (Id c = 0; c < categories.partition.count; ++c)
    json["categories"].push_back(category_json(categories, c, groups[c], vocabulary));
  Json arrows = Json::array();
  for (const CategoryArrow& arrow : categories.quotient.arrows)
    if (categories.quotient.direction == Direction::directed || arrow.source < arrow.target)
      arrows.push_back({{"source", arrow.source},
                        {"target", arrow.target},
                        {"edges", arrow.edges},
                        {"weight", arrow.weight}});
  json["quotient"] = {{"directed", categories.quotient.direction == Direction::directed},
                      {"arrows", arrows}};
  write_json(path, json);
}

CategoryCard read_category(const std::string& path, Index id) {
  const Json json = read_json(path);
  record_from(json, categories_format, path);
  return reading(path, [&] {
    const Json& all = json.at("categories");
    if (id < 0 || id >= static_cast<Index>(all.size()))
      throw Error(ErrorKind::value,
                  "there is no category " + std::to_string(id) +
                      (all.empty() ? ": there is none"
                                   : ": they go from 0 to " + std::to_string(all.size() - 1)),
                  path);
    const Json& found = all.at(static_cast<std::size_t>(id));
    const auto within = [&](Index number, std::size_t count, const std::string& what) {
      if (number < 0 || number >= static_cast<Index>(count))
        throw Error(ErrorKind::format,
                    what + " " + std::to_string(number) + " is none of " + std::to_string(count),
                    path);
      return static_cast<Id>(number);
    };
    const auto other = [&](const Json& of) -> CategoryCard::Other {
      const Id which = within(whole_number<Index>(of.at("category")), all.size(), "category");
      return {which, of.at("weight").get<double>(),
              texts(all.at(static_cast<std::size_t>(which)), "raised")};
    };
    CategoryCard card;
    card.id = static_cast<Id>(id);
    card.features = whole_numbers<Id>(found.at("features"));
    if (found.contains("exemplars"))
      for (const Index feature : whole_numbers<Index>(found.at("exemplars")))
        card.exemplars.push_back(within(feature, json.at("labels").size(), "feature"));
    card.raised = texts(found, "raised");
    card.lowered = texts(found, "lowered");
    card.cohesion = found.at("cohesion").get<double>();
    if (found.contains("silhouette")) card.silhouette = found.at("silhouette").get<double>();
    if (found.contains("stability")) card.stability = found.at("stability").get<double>();
    if (!found.at("opposite").is_null()) card.opposite = other(found.at("opposite"));
    if (found.contains("neighbors"))
      for (const Json& near : found.at("neighbors")) card.neighbors.push_back(other(near));
    return card;
  });
}

NamedPartition read_named_partition(const std::string& path) {
  const Json json = read_json(path);
  record_from(json, categories_format, path);
  return reading(path, [&] {
    NamedPartition found;
    Partition& partition = found.partition;
    partition.label = whole_numbers<Id>(json.at("labels"));
    partition.count = static_cast<Index>(json.at("categories").size());
    for (const Id label : partition.label)
      if (label < -1 || label >= partition.count)
        throw Error(ErrorKind::format, "label " + std::to_string(label) + " names no category",
                    path);
    for (const Json& category : json.at("categories"))
      found.words.push_back(texts(category, "raised"));
    return found;
  });
}

Partition read_partition(const std::string& path) {
  return read_named_partition(path).partition;
}

}  // namespace yoneda::study
