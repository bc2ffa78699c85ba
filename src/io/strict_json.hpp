// A tree of JSON, of either of nlohmann's kinds, from a text nobody vouches for.
#pragma once

#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.hpp"

namespace yoneda::io {

/// Sees to it while a text is parsed that two readers of it cannot disagree (nlohmann keeps the
/// last of two equal keys), and that no recursion over the tree fills the stack.
template <class Json>
class Strictness {
 public:
  explicit Strictness(const std::string& where) : where_(where) {}

  bool operator()(int, typename Json::parse_event_t event, const Json& value) {
    using Event = typename Json::parse_event_t;
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        if (keys_.size() == json_depth_limit)
          throw Error(ErrorKind::format,
                      fmt::format("JSON nested deeper than {} levels", json_depth_limit), where_);
        keys_.emplace_back();
        break;
      case Event::object_end:
      case Event::array_end:
        keys_.pop_back();
        break;
      case Event::key:
        if (!keys_.back().insert(value.template get<std::string>()).second)
          throw given_twice(value.template get_ref<const std::string&>(), where_);
        break;
      case Event::value:
        break;
    }
    return true;
  }

 private:
  const std::string& where_;
  std::vector<std::set<std::string>> keys_;
};

/// As parse_json, which is this for one of the kinds.
template <class Json>
Json parse_strictly(std::string_view text, const std::string& where, const std::string& what = {}) {
  try {
    Strictness<Json> strictness(where);
    return Json::parse(text,
                       [&strictness](int depth, typename Json::parse_event_t event, Json& value) {
                         return strictness(depth, event, value);
                       });
  } catch (const typename Json::exception& error) {
    throw not_json(error, where, what);
  }
}

}  // namespace yoneda::io
