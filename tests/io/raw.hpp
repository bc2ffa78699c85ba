// Numbers as their bytes, little-endian as the files are.
#pragma once

#include <string>

namespace yoneda::test {

template <class T>
std::string raw(T number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

}  // namespace yoneda::test
