#include "ingest/hook_point.hpp"

#include <algorithm>

#include "yoneda/core/id_ranges.hpp"

namespace yoneda::ingest {
namespace {

std::optional<Index> number(std::string_view digits) {
  const Index value = whole_number(digits);
  return value >= 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

std::string_view without(std::string_view text, std::string_view ending) {
  return text.ends_with(ending) ? text.substr(0, text.size() - ending.size()) : text;
}

std::pair<std::optional<Index>, std::string_view> split_at_layer(std::string_view hook_point) {
  for (std::size_t begin = 0; begin < hook_point.size();) {
    const std::size_t end = std::min(hook_point.find('.', begin), hook_point.size());
    if (const auto layer = number(hook_point.substr(begin, end - begin)))
      return {layer, hook_point.substr(std::min(end + 1, hook_point.size()))};
    begin = end + 1;
  }
  const std::size_t digits = hook_point.find_last_not_of("0123456789") + 1;
  const std::string_view before = without(hook_point.substr(0, digits), "_");
  if (digits < hook_point.size() && before.ends_with("_layer"))
    return {number(hook_point.substr(digits)), without(before, "_layer")};
  return {std::nullopt, hook_point};
}

}  // namespace yoneda::ingest
