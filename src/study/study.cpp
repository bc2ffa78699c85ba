#include "yoneda/study/study.hpp"

#include <filesystem>

#include "json.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view study_format = "yoneda-study/1";
namespace fs = std::filesystem;

std::string index_of(const std::string& folder) {
  return folder + "/study.json";
}

}  // namespace

void write_study(const Study& study) {
  std::error_code failure;
  fs::create_directories(study.folder, failure);
  if (!fs::is_directory(study.folder))
    throw Error(ErrorKind::file, "cannot make this folder (" + failure.message() + ")",
                study.folder);
  Json json = to_json(study.record, study_format);
  json["files"] = {{"arrows", "arrows.safetensors"},
                   {"graph", "graph.safetensors"},
                   {"categories", "categories.json"},
                   {"check", "check.json"}};
  write_json(index_of(study.folder), json);
}

Study read_study(const std::string& folder) {
  const Json json = read_json(index_of(folder));
  return {folder, record_from(json, study_format, index_of(folder))};
}

std::optional<Study> study_at(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored) || !fs::exists(index_of(path), ignored)) return std::nullopt;
  return read_study(path);
}

}  // namespace yoneda::study
