// check.json is written in parts: the whole graph, a user's diagrams, equations of one shape.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "graph_json.hpp"
#include "json.hpp"
#include "test_json.hpp"

namespace yoneda::study {

inline constexpr std::string_view check_format = "yoneda-check/1";

/// The beginning of a check.json.
inline Json begun_check(const GraphFile& file, const Record& record) {
  Json json = to_json(record, check_format);
  json["graph"] = graph_json(file);
  return json;
}

/// Whether two of them are of one graph, made from the same sources. The diagrams asked about are
/// no source of it.
inline bool same_graph(const Json& a, const Json& b) {
  const auto sources = [](const Json& check) {
    Json found = check.at("sources");
    found.erase("diagram");
    return found;
  };
  return a.at("graph") == b.at("graph") && sources(a) == sources(b);
}

/// What a check.json that is there already says of the same graph; null where there is none, or one
/// of another graph. Throws Error{format} where the file is another.
inline Json check_of_same_graph(const std::string& path, const Json& begun) {
  if (!std::filesystem::exists(path)) return {};
  Json json = read_json(path);
  record_from(json, check_format, path);
  return reading(path, [&] { return same_graph(json, begun) ? json : Json(); });
}

/// Writes one part and keeps the others.
inline void write_check_part(const std::string& path, const char* part, Json value,
                             const GraphFile& file, const Record& record) {
  Json begun = begun_check(file, record);
  Json json = check_of_same_graph(path, begun);
  if (json.is_null()) json = std::move(begun);
  json[part] = std::move(value);
  write_json(path, json);
}

/// Copies the parts that users asked for from an earlier check of the same graph. A file that is no
/// check is about to be replaced, and holds none.
inline void keep_parts(Json& json, const std::string& path) {
  try {
    const Json earlier = check_of_same_graph(path, json);
    for (const char* part : {"diagrams", "equations"})
      if (earlier.contains(part)) json[part] = earlier[part];
  } catch (const Error&) {
  }
}

}  // namespace yoneda::study
