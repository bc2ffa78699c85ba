// What the fuzzers share: an input as bytes or as a file, and what counts as a good end.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "yoneda/core/error.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::fuzz {

using Input = std::span<const std::uint8_t>;

inline std::string_view text(Input input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

/// A copy of just the input's length, so that AddressSanitizer sees one byte too many.
inline io::SharedBytes bytes(Input input) {
  return io::make_shared_bytes(static_cast<Index>(input.size()),
                               [&](std::byte* to) { std::ranges::copy(std::as_bytes(input), to); });
}

/// To be refused in one line is a good end; every other exception ends the program. So does an
/// empty message, or one of more than a line: people read it.
template <class Action>
void may_refuse(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    const std::string_view message = error.what();
    if (message.empty() || message.find('\n') != message.npos) std::abort();
  }
}

/// A folder in memory for readers that take paths; one for every process, removed at its end.
class Folder {
 public:
  Folder() {
    std::string name = "/dev/shm/yoneda-fuzz-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }

  /// Replaces what the file held. The way to it.
  std::string write(const std::string& name, Input contents) const {
    const std::string path = path_ + "/" + name;
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const auto size = static_cast<ssize_t>(contents.size());
    if (file < 0 || ::write(file, contents.data(), contents.size()) != size) std::abort();
    close(file);
    return path;
  }

  std::string write(const std::string& name, std::string_view contents) const {
    return write(name,
                 Input(reinterpret_cast<const std::uint8_t*>(contents.data()), contents.size()));
  }

 private:
  std::string path_;
};

/// One for the whole process, made with the first input.
inline const Folder& folder() {
  static const Folder made;
  return made;
}

}  // namespace yoneda::fuzz

/// What each fuzzer defines: reads one input as the program would.
void read_input(yoneda::fuzz::Input input);
