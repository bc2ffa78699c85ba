#include "io/json.hpp"

#include <fmt/format.h>

#include <limits>

#include "io/strict_json.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/atomic_file.hpp"

namespace yoneda::io {
namespace {

using nlohmann::json;

// "[json.exception.parse_error.101] parse error at line 1, column 2: why; last read: '...'"
std::string reason(std::string_view message) {
  if (const auto bracket = message.find("] "); bracket != message.npos)
    message.remove_prefix(bracket + 2);
  message = message.substr(0, message.find("; last read"));
  return printable(message);
}

Error wrong_member(const char* key, const json& value, const char* expected,
                   const std::string& where) {
  return Error(ErrorKind::format,
               fmt::format("'{}' should be {}, found {}", key, expected,
                           printable(value.dump(-1, ' ', true, json::error_handler_t::replace))),
               where);
}

const json* member(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

json parse_json(std::string_view text, const std::string& where, const std::string& what) {
  return parse_strictly<json>(text, where, what);
}

Error not_json(const std::exception& failure, const std::string& where, const std::string& what) {
  return Error(ErrorKind::format,
               (what.empty() ? "" : what + ": ") + "not valid JSON: " + reason(failure.what()),
               where);
}

Error given_twice(std::string_view key, const std::string& where) {
  return Error(ErrorKind::format, "JSON key " + quote(key) + " given twice", where);
}

json read_json(const std::string& path) {
  return parse_json(read_text(path), path);
}

std::optional<std::string> text_at(const json& object, const char* key, const std::string& where) {
  const json* value = member(object, key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) throw wrong_member(key, *value, "a text", where);
  return value->get<std::string>();
}

std::optional<Index> count_at(const json& object, const char* key, const std::string& where) {
  const json* value = member(object, key);
  if (value == nullptr) return std::nullopt;
  const auto count = as_count(*value);
  if (!count) throw wrong_member(key, *value, "a whole number", where);
  return count;
}

std::optional<bool> flag_at(const json& object, const char* key, const std::string& where) {
  const json* value = member(object, key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) throw wrong_member(key, *value, "true or false", where);
  return value->get<bool>();
}

const json& object_at(const json& object, const char* key, const std::string& where) {
  static const json none = json::object();
  const json* value = member(object, key);
  if (value == nullptr) return none;
  if (!value->is_object()) throw wrong_member(key, *value, "an object", where);
  return *value;
}

std::optional<Index> as_count(const json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  const auto number = value.get<std::uint64_t>();
  if (number > static_cast<std::uint64_t>(std::numeric_limits<Index>::max())) return std::nullopt;
  return static_cast<Index>(number);
}

}  // namespace yoneda::io
