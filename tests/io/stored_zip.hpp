// A zip archive of members stored as they are, for tests. Its checksums are 0.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "io/raw.hpp"

namespace yoneda::test {

class StoredZip {
 public:
  explicit StoredZip(const std::string& path) : file_(path, std::ios::binary) {}

  /// `zeros` follow the contents, and take no room on the disk.
  StoredZip& add(const std::string& name, const std::string& contents, std::uint32_t zeros = 0) {
    const std::string size = raw(static_cast<std::uint32_t>(contents.size()) + zeros);
    const std::string told =
        nothing(4) + size + size + raw(static_cast<std::uint16_t>(name.size()));
    ++members_;
    directory_ += "PK\1\2" + nothing(12) + told + nothing(12) + raw(end_) + name;
    const std::string header = "PK\3\4" + nothing(10) + told + nothing(2) + name;
    file_ << header << contents;
    end_ += static_cast<std::uint32_t>(header.size() + contents.size()) + zeros;
    file_.seekp(end_);
    return *this;
  }

  /// Writes what ends the archive.
  void close() {
    file_ << directory_ << "PK\5\6" << nothing(4) << raw(members_) << raw(members_)
          << raw(static_cast<std::uint32_t>(directory_.size())) << raw(end_) << nothing(2);
    file_.close();
  }

 private:
  static std::string nothing(std::size_t bytes) { return std::string(bytes, '\0'); }

  std::ofstream file_;
  std::string directory_;
  std::uint32_t end_ = 0;
  std::uint16_t members_ = 0;
};

}  // namespace yoneda::test
