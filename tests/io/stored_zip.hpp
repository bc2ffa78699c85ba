// A zip archive of members stored as they are, for tests. Its checksums are 0.
#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>

namespace yoneda::test {

class StoredZip {
 public:
  explicit StoredZip(const std::string& path) : file_(path, std::ios::binary) {}

  /// `zeros` follow the contents, and take no room on the disk.
  StoredZip& add(const std::string& name, const std::string& contents, std::uint32_t zeros = 0) {
    const auto size = static_cast<std::uint32_t>(contents.size()) + zeros;
    const std::string told = number(0, 4) + number(size, 4) + number(size, 4) +
                             number(static_cast<std::uint32_t>(name.size()), 2);
    ++members_;
    directory_ += "PK\1\2" + number(0, 12) + told + number(0, 12) + number(end_, 4) + name;
    const std::string header = "PK\3\4" + number(0, 10) + told + number(0, 2) + name;
    file_ << header << contents;
    end_ += static_cast<std::uint32_t>(header.size()) + size;
    file_.seekp(end_);
    return *this;
  }

  /// Writes what ends the archive.
  void close() {
    file_ << directory_ << "PK\5\6" << number(0, 4) << number(members_, 2) << number(members_, 2)
          << number(static_cast<std::uint32_t>(directory_.size()), 4) << number(end_, 4)
          << number(0, 2);
    file_.close();
  }

 private:
  static std::string number(std::uint32_t value, std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < std::min<std::size_t>(4, bytes); ++i)
      text[i] = static_cast<char>(value >> 8 * i);
    return text;
  }

  std::ofstream file_;
  std::string directory_;
  std::uint32_t end_ = 0, members_ = 0;
};

}  // namespace yoneda::test
