// A token as a vocabulary's file has it.
#pragma once

#include <string>

#include "yoneda/core/types.hpp"

namespace yoneda::ingest {

struct StoredToken {
  Index id;
  std::string text;
  bool verbatim = false;  ///< a mark for the model, or whatever else stands for itself
};

}  // namespace yoneda::ingest
