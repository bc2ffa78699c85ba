#include "ingest/config.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "io/json.hpp"
#include "io/text.hpp"

namespace yoneda::ingest {

using nlohmann::json;

Config::Config(const std::string& path) : Config(path, io::read_json(path)) {}

Config::Config(const std::string& path, json object) : path_(path), object_(std::move(object)) {
  if (!object_.is_object()) throw bad("is not a JSON object");
}

const json& Config::value(const char* key) const {
  static const json none;
  const auto found = object_.find(key);
  return found == object_.end() ? none : *found;
}

std::optional<std::string> Config::text(std::initializer_list<const char*> keys) const {
  for (const char* key : keys)
    if (auto found = io::text_at(object_, key, path_)) return found;
  return std::nullopt;
}

std::optional<Index> Config::count(std::initializer_list<const char*> keys) const {
  for (const char* key : keys)
    if (auto found = io::count_at(object_, key, path_)) return found;
  return std::nullopt;
}

std::optional<Index> Config::times(Index size, const char* key) const {
  const auto factor = count({key});
  if (!factor) return std::nullopt;
  if (size > 0 && *factor > std::numeric_limits<Index>::max() / size)
    throw bad(fmt::format("{} times '{}' {} is more than anything has", size, key, *factor));
  return size * *factor;
}

std::optional<double> Config::number(const char* key) const {
  const json& found = value(key);
  if (found.is_null()) return std::nullopt;
  if (!found.is_number())
    throw bad(fmt::format("'{}' should be a number, found {}", key, io::printable(found.dump())));
  return found.get<double>();
}

std::optional<bool> Config::flag(const char* key) const {
  return io::flag_at(object_, key, path_);
}

Config Config::part(const char* key) const {
  return {path_, io::object_at(object_, key, path_)};
}

std::string Config::dump() const {
  return object_.dump(-1, ' ', true, json::error_handler_t::replace);
}

}  // namespace yoneda::ingest
