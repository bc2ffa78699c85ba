// Zip archives as NumPy and PyTorch write them: members that are stored or deflated, found by name.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

struct ZipMember {
  std::string name;
  Index size = 0;          // unpacked
  std::string unreadable;  // why, where it is
  std::uint64_t index = 0;
  std::uint32_t checksum = 0;
  Index at = -1;  // where a stored member lies in the file; -1: deflated

  bool stored() const { return at >= 0; }
};

/// Members are checked when they are listed: no name is given twice or leads out of the archive, no
/// size is a trap. Nothing is unpacked before it is asked for. Readings may run at once: each opens
/// the archive anew. Errors do not name the file: see naming().
class ZipArchive {
 public:
  /// Throws Error{format}.
  explicit ZipArchive(SharedBytes file);

  const std::vector<ZipMember>& members() const { return members_; }
  /// Null where there is no such member.
  const ZipMember* find(std::string_view name) const;

  /// The bytes of a stored member, where they lie in the file.
  SharedBytes stored(const ZipMember& member) const { return file_.part(member.at, member.size); }
  /// The first `count` bytes of a member, fewer where it is shorter. One caller at a time waits for
  /// another: the directory is not read anew.
  std::vector<std::byte> start(const ZipMember& member, Index count) const;
  /// Hands out the bytes behind the first `skip` in pieces of the given size, the last one shorter,
  /// and compares the checksum at the end. Throws Error{format} for damage.
  void stream(const ZipMember& member, Index skip, Index piece, const ByteSink& sink) const;
  /// The bytes behind the first `skip`, their checksum compared: a view where they are stored,
  /// unpacked where not.
  SharedBytes bytes(const ZipMember& member, Index skip = 0) const;

 private:
  void stream_stored(const ZipMember& member, Index skip, Index piece, const ByteSink& sink) const;

  struct Opened;

  SharedBytes file_;
  std::shared_ptr<Opened> opened_;
  std::vector<ZipMember> members_;
  std::map<std::string, std::size_t, std::less<>> position_;
};

}  // namespace yoneda::io
