// JSON from files nobody vouches for.
#pragma once

#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda::io {

/// Levels of nesting that a text may have.
inline constexpr std::size_t json_depth_limit = 64;

/// Parses strictly: a key given twice, more levels of nesting than json_depth_limit and anything
/// behind the value are errors. `where` names the file, `what` the part of it ("header"; may be
/// empty). Throws Error{format}.
nlohmann::json parse_json(std::string_view text, const std::string& where,
                          const std::string& what = {});

/// The parsed contents of a file. Throws Error{file} or Error{format}.
nlohmann::json read_json(const std::string& path);

/// What parse_json throws where the text is not JSON, and where a key is given twice: for who reads
/// the events of a text instead of its tree.
Error not_json(const std::exception& failure, const std::string& where,
               const std::string& what = {});
Error given_twice(std::string_view key, const std::string& where);

/// The member `key` of an object: nothing where it is missing or null, Error{format} where it has
/// another type.
std::optional<std::string> text_at(const nlohmann::json& object, const char* key,
                                   const std::string& where);
std::optional<Index> count_at(const nlohmann::json& object, const char* key,
                              const std::string& where);
std::optional<bool> flag_at(const nlohmann::json& object, const char* key,
                            const std::string& where);

/// The member `key`, itself an object; an empty one where it is missing or null.
const nlohmann::json& object_at(const nlohmann::json& object, const char* key,
                                const std::string& where);

/// A JSON number as an Index; nothing unless it is a whole number in [0, 2^63).
std::optional<Index> as_count(const nlohmann::json& value);

}  // namespace yoneda::io
