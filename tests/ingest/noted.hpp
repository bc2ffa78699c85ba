// Whether a reader told the user something.
#pragma once

#include <string>

#include "yoneda/model/origin.hpp"

namespace yoneda::test {

inline bool noted(const Origin& origin, const std::string& text) {
  for (const std::string& note : origin.notes)
    if (note.find(text) != std::string::npos) return true;
  return false;
}

}  // namespace yoneda::test
