#include "yoneda/study/record.hpp"

#include <algorithm>
#include <charconv>

#include "io/strict_json.hpp"
#include "json.hpp"
#include "path_text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/atomic_file.hpp"

namespace yoneda::study {
namespace {

std::vector<std::string> each(const std::vector<std::string>& paths,
                              std::string (*convert)(const std::string&)) {
  std::vector<std::string> converted;
  for (const std::string& path : paths) converted.push_back(convert(path));
  return converted;
}

Json to_json(const Source& source) {
  Json json{{"path", path_text(source.path)}, {"hash", source.hash}, {"dialect", source.dialect}};
  json["files"] = each(source.files, path_text);
  json["names"] = source.names;
  return json;
}

Source source_from(const Json& json) {
  Source source;
  source.path = path_from(json.at("path"));
  source.hash = json.at("hash");
  source.dialect = json.value("dialect", "");
  source.files = each(json.value("files", std::vector<std::string>()), path_from);
  source.names = json.value("names", std::map<std::string, std::string>());
  return source;
}

Json sources_json(const Record& record) {
  Json sources = Json::object();
  for (const auto& [role, source] : record.sources) sources[role] = to_json(source);
  return sources;
}

std::map<std::string, Source> sources_from(const Json& json) {
  std::map<std::string, Source> sources;
  for (const auto& [role, source] : json.items()) sources[role] = source_from(source);
  return sources;
}

}  // namespace

std::string Record::option(std::string_view name, std::string_view fallback) const {
  const auto found = options.find(std::string(name));
  return found == options.end() ? std::string(fallback) : found->second;
}

std::string instruction_set() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512bf16")) return "avx512-bf16";
  if (__builtin_cpu_supports("avx512vnni")) return "avx512-vnni";
  if (__builtin_cpu_supports("avx512f")) return "avx512";
  if (__builtin_cpu_supports("avx2")) return "avx2";
  if (__builtin_cpu_supports("avx")) return "avx";
  return "sse2";
#elif defined(__aarch64__)
  return "neon";
#else
  return "generic";
#endif
}

std::string version() {
  return YONEDA_VERSION;
}

void require_format(std::string_view found, std::string_view expected, const std::string& path) {
  const auto slash = expected.find('/');
  const std::string_view family = expected.substr(0, slash);
  const auto wrong = [&](const std::string& reason) {
    throw Error(ErrorKind::format, reason, path);
  };
  if (found.substr(0, found.find('/')) != family)
    wrong("expected a '" + std::string(family) + "' file, found " +
          (found.empty() ? std::string("no format mark") : "'" + std::string(found) + "'") +
          "; yoneda inspect says what it is");
  const auto major_of = [](std::string_view format) {
    unsigned major = 0;
    const auto at = format.find('/');
    if (at != std::string_view::npos)
      std::from_chars(format.data() + at + 1, format.data() + format.size(), major);
    return major;
  };
  if (major_of(found) == 0) wrong("format '" + std::string(found) + "' has no version");
  if (major_of(found) > major_of(expected))
    wrong("written as '" + std::string(found) + "'; this version reads up to '" +
          std::string(expected) + "'");
}

std::map<std::string, std::string> to_metadata(const Record& record, std::string_view format) {
  std::map<std::string, std::string> metadata{
      {"format", std::string(format)}, {"version", version()},
      {"command", record.command},     {"convention", record.convention},
      {"decoder_normalized", "false"}, {"instruction_set", instruction_set()}};
  metadata["sources"] = sources_json(record).dump(-1, ' ', false, Json::error_handler_t::replace);
  metadata["options"] = Json(record.options).dump(-1, ' ', false, Json::error_handler_t::replace);
  return metadata;
}

Record record_from(const std::map<std::string, std::string>& metadata, std::string_view format,
                   const std::string& path) {
  const auto text = [&](const char* key, const char* fallback) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string(fallback) : found->second;
  };
  require_format(text("format", ""), format, path);
  return reading(path, [&] {
    Record record;
    record.command = text("command", "");
    record.convention = text("convention", "");
    const auto json = [&](const char* key) {
      return io::parse_strictly<Json>(text(key, "{}"), path, key);
    };
    record.sources = sources_from(json("sources"));
    record.options = json("options").get<std::map<std::string, std::string>>();
    return record;
  });
}

Json to_json(const Record& record, std::string_view format) {
  Json json;
  json["format"] = format;
  json["version"] = version();
  json["command"] = record.command;
  if (!record.convention.empty()) json["convention"] = record.convention;
  json["sources"] = sources_json(record);
  json["options"] = record.options;
  json["instruction_set"] = instruction_set();
  return json;
}

Record record_from(const Json& json, std::string_view format, const std::string& path) {
  return reading(path, [&] {
    if (!json.is_object()) throw Error(ErrorKind::format, "is not a JSON object", path);
    require_format(json.value("format", ""), format, path);
    Record record;
    record.command = json.value("command", "");
    record.convention = json.value("convention", "");
    record.sources = sources_from(json.value("sources", Json::object()));
    record.options = json.value("options", std::map<std::string, std::string>());
    return record;
  });
}

Json read_json(const std::string& path) {
  return io::parse_strictly<Json>(io::read_text(path), path);
}

Json words_json(std::span<const Id> tokens, const Vocabulary& vocabulary, std::size_t most) {
  Json words = Json::array();
  for (const Id token : tokens.first(std::min(tokens.size(), most)))
    words.push_back({{"token", token}, {"text", vocabulary.text(token)}});
  return words;
}

void write_json(const std::string& path, const Json& json) {
  io::write_text(path, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace yoneda::study
