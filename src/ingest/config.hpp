// A dialect's configuration file: JSON, read leniently about what is missing and strictly about
// what is there.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda::ingest {

class Config {
 public:
  /// Throws Error{file}; Error{format} where it is not a JSON object.
  explicit Config(const std::string& path);
  Config(const std::string& path, nlohmann::json object);

  const std::string& path() const { return path_; }
  Error bad(const std::string& message) const { return Error(ErrorKind::format, message, path_); }

  bool has(const char* key) const { return object_.contains(key); }
  const nlohmann::json& value(const char* key) const;

  /// The first of the keys that is there and not null; nothing where none is. Throws Error{format}
  /// where it has another type.
  std::optional<std::string> text(std::initializer_list<const char*> keys) const;
  std::optional<Index> count(std::initializer_list<const char*> keys) const;
  /// So many times `size` as the key says. Throws Error{format} where that is beyond all numbers.
  std::optional<Index> times(Index size, const char* key) const;
  std::optional<double> number(const char* key) const;
  std::optional<bool> flag(const char* key) const;

  /// An object inside; an empty one where it is missing.
  Config part(const char* key) const;
  bool empty() const { return object_.empty(); }
  std::string dump() const;

 private:
  std::string path_;
  nlohmann::json object_;
};

}  // namespace yoneda::ingest
