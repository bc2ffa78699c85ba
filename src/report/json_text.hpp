// JSON helpers shared by the writers of this folder.
#pragma once

#include <string>

#include "report/node_columns.hpp"
#include "study/json.hpp"

namespace yoneda::report {

using study::Json;

/// Text that is no UTF-8 is written with replacement characters. `indent` -1: on one line.
inline std::string json_text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// What graph_facts says; sources and options as objects.
inline Json facts_json(const Exported& exported) {
  Json json = Json::object();
  for (const auto& [name, value] : graph_facts(exported))
    json[name] =
        name == "sources" || name == "options" ? Json::parse(value, nullptr, false) : Json(value);
  json["directed"] = exported.graph.graph.directed();
  if (exported.of_two_saes()) json["upstream_features"] = exported.graph.upstream;
  return json;
}

}  // namespace yoneda::report
