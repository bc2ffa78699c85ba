// What the tests of files share: fixtures, a folder to write in, and what every error must be.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "yoneda/io/atomic_file.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::test {

inline std::string fixture(const std::string& name) {
  return YONEDA_TEST_DATA "/" + name;
}

/// The numbers that make_fixtures.py writes.
inline float pattern(Index i) {
  return static_cast<float>(i * 37 % 101 - 50) / 8;
}

inline std::vector<float> pattern_values(Index count, Index start = 0) {
  std::vector<float> values(count);
  for (Index i = 0; i < count; ++i) values[i] = pattern(start + i);
  return values;
}

/// A folder of its own, deleted at the end.
class Folder {
 public:
  Folder() {
    static int counter = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("yoneda-test-" + std::to_string(getpid()) + "-" + std::to_string(counter++));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string string() const { return path_.string(); }
  Index files() const {
    return std::distance(std::filesystem::directory_iterator(path_),
                         std::filesystem::directory_iterator());
  }

 private:
  std::filesystem::path path_;
};

inline io::SharedBytes shared(const std::string& text) {
  const auto owner = std::make_shared<const std::string>(text);
  return {owner, std::as_bytes(std::span(*owner))};
}

/// The Error that `action` throws, checked to be one line that starts with the file's name.
template <class Action>
Error error_of(const std::string& file, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK_MESSAGE(message.find('\n') == message.npos, message);
    CHECK_MESSAGE(message.starts_with(file), message);
    CHECK_MESSAGE(message.size() < file.size() + 500, message);
    return error;
  }
  FAIL_CHECK("nothing was thrown for " << file);
  return {ErrorKind::value, ""};
}

inline void mentions(const Error& error, const std::string& text) {
  const std::string message = error.what();
  CHECK_MESSAGE(message.find(text) != message.npos, message << " -- lacks: " << text);
}

}  // namespace yoneda::test
