#include "yoneda/study/equation_list_file.hpp"

#include "check_json.hpp"

namespace yoneda::study {
namespace {

std::string_view selection_name(const EquationList& list) {
  if (list.complete) return "all";
  return list.step.strongest ? "strongest" : "sample";
}

Json list_json(const EquationList& list, const Record& record, bool draws) {
  Json json{{"command", record.command},         {"shape", name(list.step.shape)},
            {"base", name(list.step.base)},      {"tolerance", list.step.tolerance},
            {"selection", selection_name(list)}, {"total", list.total},
            {"checked", list.checked},           {"holding", list.holding}};
  if (list.step.shape == EquationShape::paths) json["longest"] = list.step.longest;
  json["test"] = list.test ? test_json(*list.test) : Json(nullptr);
  if (list.test && !draws) json["test"].erase("draws");
  json["failures"] = Json::array();
  for (const ListedFailure& failure : list.failures)
    json["failures"].push_back({{"left", failure.left},
                                {"right", failure.right},
                                {"left_value", number_or_null(failure.left_value)},
                                {"right_value", number_or_null(failure.right_value)},
                                {"discrepancy", number_or_null(failure.discrepancy)}});
  json["notes"] = list.notes;
  return json;
}

}  // namespace

std::string equation_list_json(const EquationList& list, const Record& record, bool draws) {
  return list_json(list, record, draws).dump(1, ' ', true, Json::error_handler_t::replace);
}

void write_equation_list(const std::string& path, const EquationList& list, const GraphFile& graph,
                         const Record& record) {
  write_check_part(path, "equations", list_json(list, record, true), graph, record);
}

}  // namespace yoneda::study
