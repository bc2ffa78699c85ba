#include "io/zip.hpp"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include "io/libzip.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace yoneda::io {
namespace {

struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};
using Member = std::unique_ptr<zip_file_t, CloseMember>;

// The file as libzip reads it. It remembers where the last reading began, which is how we learn
// where a stored member lies, and gives back the memory of what has been read.
struct Reader {
  explicit Reader(SharedBytes bytes) : file(std::move(bytes)) { zip_error_init(&error); }
  ~Reader() { zip_error_fini(&error); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Index size() const { return static_cast<Index>(file.span.size()); }

  zip_int64_t read(void* to, zip_uint64_t length) {
    constexpr Index kept = Index{4} << 20;
    const Index count =
        static_cast<Index>(std::min<zip_uint64_t>(length, static_cast<zip_uint64_t>(size() - at)));
    if (count > 0) std::memcpy(to, file.span.data() + at, static_cast<std::size_t>(count));
    last = at;
    at += count;
    if (at - given_back > kept) {
      release(file.part(given_back, at - given_back));
      given_back = at;
    }
    return count;
  }

  zip_int64_t seek(void* data, zip_uint64_t length) {
    const zip_int64_t target = zip_source_seek_compute_offset(
        static_cast<zip_uint64_t>(at), static_cast<zip_uint64_t>(size()), data, length, &error);
    if (target < 0) return -1;
    if (target != at) at = given_back = target;  // libzip also seeks to where it is
    return 0;
  }

  static zip_int64_t call(void* self, void* data, zip_uint64_t length, zip_source_cmd_t command) {
    Reader& reader = *static_cast<Reader*>(self);
    switch (command) {
      case ZIP_SOURCE_OPEN:
        reader.at = reader.given_back = 0;
        return 0;
      case ZIP_SOURCE_READ:
        return reader.read(data, length);
      case ZIP_SOURCE_SEEK:
        return reader.seek(data, length);
      case ZIP_SOURCE_TELL:
        return reader.at;
      case ZIP_SOURCE_STAT: {
        auto* status = static_cast<zip_stat_t*>(data);
        zip_stat_init(status);
        status->size = static_cast<zip_uint64_t>(reader.size());
        status->valid = ZIP_STAT_SIZE;
        return sizeof *status;
      }
      case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&reader.error, data, length);
      case ZIP_SOURCE_CLOSE:
      case ZIP_SOURCE_FREE:
        return 0;
      case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_SEEKABLE;
      default:
        zip_error_set(&reader.error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
  }

  SharedBytes file;
  Index at = 0;
  Index last = 0;
  Index given_back = 0;
  zip_error_t error;
};

Archive open(Reader& reader) {
  ZipError error;
  zip_source_t* source = zip_source_function_create(&Reader::call, &reader, &error.error);
  if (source == nullptr) throw bad_format("not a readable zip archive: " + error.text());
  Archive archive(zip_open_from_source(source, ZIP_RDONLY, &error.error));
  if (archive) return archive;  // which owns the source now
  zip_source_free(source);
  throw bad_format("not a readable zip archive: " + error.text());
}

Member open_member(zip_t* archive, std::uint64_t index, zip_flags_t flags = 0) {
  Member member(zip_fopen_index(archive, index, flags));
  if (!member) throw bad_format(zip_error_strerror(zip_get_error(archive)));
  return member;
}

// Exactly `count` bytes.
void read_into(zip_file_t* member, std::byte* to, Index count) {
  for (Index done = 0; done < count;) {
    const auto got = zip_fread(member, to + done, static_cast<zip_uint64_t>(count - done));
    if (got < 0) throw bad_format(zip_error_strerror(zip_file_get_error(member)));
    if (got == 0) throw bad_format("truncated");
    done += got;
  }
}

// Reading to the end is what makes libzip compare the checksum.
void require_end(zip_file_t* member) {
  std::byte beyond;
  if (const auto got = zip_fread(member, &beyond, 1); got != 0)
    throw bad_format(got > 0 ? "longer than announced"
                             : zip_error_strerror(zip_file_get_error(member)));
}

// Deflate cannot expand further than 1032-fold, and weights hardly shrink at all: an announced size
// beyond either is a trap, not an array.
std::string why_implausible(const zip_stat_t& status) {
  constexpr zip_uint64_t deflate_ratio = 1032, weights_ratio = 100, small = 64 << 20;
  if (status.comp_method == ZIP_CM_STORE)
    return status.size == status.comp_size ? "" : "a size that cannot be true";
  if (status.size / deflate_ratio > status.comp_size) return "a size that cannot be true";
  if (status.size > small && status.size / weights_ratio > status.comp_size)
    return fmt::format("{} bytes that unpack to {}, which no weights do", status.comp_size,
                       status.size);
  return {};
}

std::string why_unreadable(const zip_stat_t& status) {
  constexpr zip_uint64_t needed =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_CRC;
  constexpr zip_uint64_t largest = zip_uint64_t{1} << 62;
  if ((status.valid & needed) != needed) return "no size";
  if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) && status.encryption_method != ZIP_EM_NONE)
    return "encrypted";
  if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE)
    return fmt::format("compression method {}", status.comp_method);
  if (status.size > largest) return "a size that cannot be true";
  return why_implausible(status);
}

// Nothing is ever unpacked to a path, but a name that leads elsewhere is nobody's honest tensor.
void require_harmless(const std::string& name) {
  bool climbs = name.starts_with('/') || name.find('\\') != name.npos;
  for (std::size_t start = 0; start <= name.size() && !climbs;) {
    const std::size_t end = std::min(name.find('/', start), name.size());
    climbs = name.substr(start, end - start) == "..";
    start = end + 1;
  }
  if (climbs) throw bad_format("member " + quote(name) + " names a path outside the archive");
}

// Where libzip starts to read a stored member is where it lies.
void locate(zip_t* archive, const Reader& reader, ZipMember& member) {
  if (member.size == 0) {
    member.at = 0;
    return;
  }
  const Member opened = open_member(archive, member.index, ZIP_FL_COMPRESSED);
  std::byte first;
  read_into(opened.get(), &first, 1);
  member.at = reader.last;
  if (member.size > reader.size() - member.at) throw bad_format("truncated");
}

ZipMember member_at(zip_t* archive, const Reader& reader, std::uint64_t index) {
  zip_stat_t status;
  if (zip_stat_index(archive, index, 0, &status) != 0 || !(status.valid & ZIP_STAT_NAME))
    throw bad_format(fmt::format("member {} cannot be read", index));
  ZipMember member;
  member.name = status.name;
  member.index = index;
  member.unreadable = why_unreadable(status);
  if (!member.unreadable.empty()) return member;
  member.size = static_cast<Index>(status.size);
  member.checksum = status.crc;
  try {
    if (status.comp_method == ZIP_CM_STORE) locate(archive, reader, member);
  } catch (const Error& error) {
    member.unreadable = error.what();
  }
  return member;
}

// Continues CRC-32 from `before`.
std::uint32_t checksum(std::uint32_t before, std::span<const std::byte> bytes) {
  return libdeflate_crc32(before, bytes.data(), bytes.size());
}

void require_checksum(const ZipMember& member, std::uint32_t found) {
  if (found != member.checksum) throw bad_format("CRC error");
}

}  // namespace

// Kept for start(): to open an archive takes as long as it has members, and every member is
// started.
struct ZipArchive::Opened {
  explicit Opened(const SharedBytes& file) : reader(file), archive(open(reader)) {}

  Reader reader;
  Archive archive;
  std::mutex in_use;
};

ZipArchive::ZipArchive(SharedBytes file)
    : file_(std::move(file)), opened_(std::make_shared<Opened>(file_)) {
  zip_t* const archive = opened_->archive.get();
  const auto count = static_cast<std::uint64_t>(zip_get_num_entries(archive, 0));
  for (std::uint64_t i = 0; i < count; ++i) {
    members_.push_back(member_at(archive, opened_->reader, i));
    const std::string& name = members_.back().name;
    require_harmless(name);
    if (!position_.emplace(name, i).second)
      throw bad_format("member " + quote(name) + " given twice");
  }
}

const ZipMember* ZipArchive::find(std::string_view name) const {
  const auto found = position_.find(name);
  return found == position_.end() ? nullptr : &members_[found->second];
}

std::vector<std::byte> ZipArchive::start(const ZipMember& member, Index count) const {
  std::vector<std::byte> bytes(std::min(count, member.size));
  if (member.stored()) {
    std::ranges::copy(stored(member).span.first(bytes.size()), bytes.begin());
    return bytes;
  }
  const std::scoped_lock alone(opened_->in_use);
  read_into(open_member(opened_->archive.get(), member.index).get(), bytes.data(),
            static_cast<Index>(bytes.size()));
  return bytes;
}

void ZipArchive::stream_stored(const ZipMember& member, Index skip, Index piece,
                               const ByteSink& sink) const {
  const SharedBytes all = stored(member);
  std::uint32_t found = checksum(0, all.span.first(skip));
  for (Index at = skip; at < member.size; at += piece) {
    const SharedBytes part = all.part(at, std::min(piece, member.size - at));
    found = checksum(found, part.span);
    sink(part.span);
    release(part);
  }
  require_checksum(member, found);
}

void ZipArchive::stream(const ZipMember& member, Index skip, Index piece,
                        const ByteSink& sink) const {
  if (member.stored()) return stream_stored(member, skip, piece, sink);
  Reader reader(file_);
  const Archive archive = open(reader);
  const Member opened = open_member(archive.get(), member.index);
  std::vector<std::byte> buffer(std::min(std::max(skip, piece), member.size));
  read_into(opened.get(), buffer.data(), skip);
  for (Index at = skip; at < member.size; at += piece) {
    const Index count = std::min(piece, member.size - at);
    read_into(opened.get(), buffer.data(), count);
    sink(std::span(buffer).first(count));
  }
  require_end(opened.get());
}

SharedBytes ZipArchive::bytes(const ZipMember& member, Index skip) const {
  if (member.stored()) {
    const SharedBytes all = stored(member);
    require_checksum(member, checksum(0, all.span));
    return all.part(skip, member.size - skip);
  }
  return make_shared_bytes(member.size - skip, [&](std::byte* to) {
    constexpr Index piece = Index{1} << 20;
    stream(member, skip, piece,
           [&to](std::span<const std::byte> part) { to = std::ranges::copy(part, to).out; });
  });
}

}  // namespace yoneda::io
