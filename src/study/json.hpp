// JSON helpers shared by the writers of this folder.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/text.hpp"
#include "yoneda/core/safe_text.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/model/vocabulary.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

/// Keys stay in the order they are written, so that files read well.
using Json = nlohmann::ordered_json;

/// `format`, `version`, `command`, `convention`, `sources`, `options`, `instruction_set`.
Json to_json(const Record& record, std::string_view format);

/// The inverse; checks the format. Throws Error{format}.
Record record_from(const Json& json, std::string_view format, const std::string& path);

/// Reads and parses a file, as strictly as io::parse_json. Throws Error{file} or Error{format}.
Json read_json(const std::string& path);

/// Writes atomically, indented; text that is no UTF-8 is written with replacement characters.
void write_json(const std::string& path, const Json& json);

/// JSON has no NaN and no infinity.
inline Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}
inline Json number_or_null(const std::optional<double>& value) {
  return value ? number_or_null(*value) : Json(nullptr);
}

/// {"token": id, "text": text}.
inline Json word_json(Id token, const Vocabulary& vocabulary) {
  return {{"token", token}, {"text", vocabulary.text(token)}};
}

/// The first `most` tokens as [{"token": id, "text": text}].
Json words_json(std::span<const Id> tokens, const Vocabulary& vocabulary, std::size_t most);

/// A whole number that fits; nlohmann's own conversion would round it and cut it off. Throws
/// Error{format}, to which reading() adds the file.
template <std::integral Number>
Number whole_number(const Json& json) {
  const bool fits = json.is_number_unsigned() ? std::in_range<Number>(json.get<std::uint64_t>())
                                              : json.is_number_integer() &&
                                                    std::in_range<Number>(json.get<std::int64_t>());
  if (!fits)
    throw Error(ErrorKind::format,
                "found " + safe_text(json.dump(-1, ' ', true, Json::error_handler_t::replace), 40) +
                    ", expected a whole number of " + std::to_string(8 * sizeof(Number)) + " bits");
  return static_cast<Number>(json.get<std::int64_t>());
}

template <std::integral Number>
std::vector<Number> whole_numbers(const Json& list) {
  std::vector<Number> numbers;
  for (const Json& number : list) numbers.push_back(whole_number<Number>(number));
  return numbers;
}

/// Runs `read`, turning a missing or ill-typed field into Error{format} that names the file.
template <class Read>
auto reading(const std::string& path, const Read& read) {
  try {
    return io::naming(path, {}, read);
  } catch (const nlohmann::json::exception& failure) {
    std::string reason = failure.what();
    const auto bracket = reason.find("] ");
    if (bracket != std::string::npos) reason.erase(0, bracket + 2);
    throw Error(ErrorKind::format, reason, path);
  }
}

}  // namespace yoneda::study
