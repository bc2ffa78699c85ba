#include "yoneda/study/categories_file.hpp"

#include "json.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view format = "yoneda-categories/1";

Json words_json(const std::vector<LabelToken>& tokens, const Vocabulary& vocabulary) {
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
    json["raised"] = words_json(categories.labels[c].raised, vocabulary);
    json["lowered"] = words_json(categories.labels[c].lowered, vocabulary);
  }
  json["cohesion"] = categories.quotient.cohesion[c].weight;
  const auto against = opposite(categories.quotient, c);
  json["opposite"] =
      against ? Json{{"category", against->target}, {"weight", against->weight}} : Json(nullptr);
  json["features"] = features;
  return json;
}

}  // namespace

void write_categories(const std::string& path, const Categories& categories,
                      const Vocabulary& vocabulary, const Record& record) {
  Json json = to_json(record, format);
  json["method"] = categories.method;
  json["scores"] = {{"modularity", categories.scores.modularity},
                    {"positive_cut", categories.scores.positive_cut},
                    {"negative_uncut", categories.scores.negative_uncut}};
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

NamedPartition read_named_partition(const std::string& path) {
  const Json json = read_json(path);
  record_from(json, format, path);
  return reading(path, [&] {
    NamedPartition found;
    Partition& partition = found.partition;
    partition.label = json.at("labels").get<std::vector<Id>>();
    partition.count = static_cast<Index>(json.at("categories").size());
    for (const Id label : partition.label)
      if (label < -1 || label >= partition.count)
        throw Error(ErrorKind::format, "label " + std::to_string(label) + " names no category",
                    path);
    for (const Json& category : json.at("categories")) {
      found.words.emplace_back();
      if (!category.contains("raised")) continue;
      for (const Json& word : category.at("raised"))
        found.words.back().push_back(word.at("text").get<std::string>());
    }
    return found;
  });
}

Partition read_partition(const std::string& path) {
  return read_named_partition(path).partition;
}

}  // namespace yoneda::study
