#include "yoneda/io/npz.hpp"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <utility>

#include "io/npy_header.hpp"
#include "io/text.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace yoneda::io {
namespace {

constexpr std::string_view extension = ".npy";

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};
struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Member = std::unique_ptr<zip_file_t, CloseMember>;
using Source = std::unique_ptr<zip_source_t, FreeSource>;

// libzip's description of an error, which it owns.
struct ZipError {
  zip_error_t error;
  ZipError() { zip_error_init(&error); }
  ~ZipError() { zip_error_fini(&error); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  std::string text() { return zip_error_strerror(&error); }
};

Error damaged(const std::string& why) {
  return Error(ErrorKind::format, why);
}

Archive open_archive(const SharedBytes& file) {
  ZipError error;
  Source source(zip_source_buffer_create(file.span.data(), file.span.size(), 0, &error.error));
  Archive archive;
  if (source) archive.reset(zip_open_from_source(source.get(), ZIP_RDONLY, &error.error));
  if (!archive) throw damaged("not a readable zip archive: " + error.text());
  (void)source.release();  // the archive owns it now
  return archive;
}

// One array of an archive. Each reading opens the archive anew, so that threads may read at once.
// Errors do not name the file: see naming().
struct Array {
  SharedBytes file;
  zip_uint64_t index;
  NpyHeader header;

  Member open(zip_t* archive) const {
    Member member(zip_fopen_index(archive, index, 0));
    if (!member) throw damaged(zip_error_strerror(zip_get_error(archive)));
    return member;
  }

  void read_into(zip_file_t* member, std::byte* to, Index count) const {
    for (Index done = 0; done < count;) {
      const auto got = zip_fread(member, to + done, static_cast<zip_uint64_t>(count - done));
      if (got < 0) throw damaged(zip_error_strerror(zip_file_get_error(member)));
      if (got == 0) throw damaged("truncated");
      done += got;
    }
  }

  // Reads the header alone and holds it against the size the archive announces.
  void read_header(zip_t* archive, zip_uint64_t size) {
    if (size < static_cast<zip_uint64_t>(npy_preamble)) throw damaged("too short for an array");
    const Member member = open(archive);
    std::vector<std::byte> bytes(npy_preamble);
    read_into(member.get(), bytes.data(), npy_preamble);
    const Index header_size = npy_header_size(bytes);
    bytes.resize(std::max(header_size, npy_preamble));
    read_into(member.get(), bytes.data() + npy_preamble,
              static_cast<Index>(bytes.size()) - npy_preamble);
    header = parse_npy_header(std::span(bytes).first(header_size));
    if (static_cast<zip_uint64_t>(header.size) + static_cast<zip_uint64_t>(header.data) != size)
      throw damaged(fmt::format("{} bytes, {} of {} takes {} after a header of {}", size,
                                io::name(header.dtype), shape_text(header.shape), header.data,
                                header.size));
  }

  SharedBytes read_data() const {
    const Archive archive = open_archive(file);
    const Member member = open(archive.get());
    const Index size = header.size + header.data;
    const SharedBytes bytes = make_shared_bytes(size, [&](std::byte* to) {
      read_into(member.get(), to, size);
      std::byte beyond;  // reading to the end is what makes libzip compare the checksum
      if (const auto got = zip_fread(member.get(), &beyond, 1); got != 0)
        throw damaged(got > 0 ? "longer than announced"
                              : zip_error_strerror(zip_file_get_error(member.get())));
    });
    return row_major(bytes.part(header.size, header.data), header);
  }
};

// Deflate cannot expand further than this: an announced size beyond it is a trap, not an array.
bool plausible(const zip_stat_t& status) {
  constexpr zip_uint64_t deflate_ratio = 1032;
  if (status.comp_method == ZIP_CM_STORE) return status.size == status.comp_size;
  return status.size / deflate_ratio <= status.comp_size;
}

std::string why_unreadable(const zip_stat_t& status) {
  constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if ((status.valid & needed) != needed) return "no size";
  if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) && status.encryption_method != ZIP_EM_NONE)
    return "encrypted";
  if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE)
    return fmt::format("compression method {}", status.comp_method);
  if (!plausible(status)) return "a size that cannot be true";
  return {};
}

std::string what_else(const std::set<std::string>& members) {
  for (const std::string& name : members)
    if (name.ends_with("/data.pkl") || name == "data.pkl")
      return "a PyTorch checkpoint (.pt), which is not read yet: save the tensors as safetensors";
  return members.empty() ? "an empty zip archive"
                         : "a zip archive without .npy members: " + quote_all(members, 4);
}

// A growing buffer in memory that libzip writes an archive to.
Source memory_archive(ZipError& error, const std::string& path) {
  Source source(zip_source_buffer_create(nullptr, 0, 0, &error.error));
  if (!source) throw Error(ErrorKind::file, "cannot be written: " + error.text(), path);
  return source;
}

void add_member(zip_t* archive, const OutputTensor& tensor, const std::string& header,
                const std::string& path) {
  const auto bytes_at = [](const void* data) {
    return static_cast<zip_uint8_t*>(const_cast<void*>(data));  // libzip only reads them
  };
  std::array fragments{zip_buffer_fragment_t{bytes_at(header.data()), header.size()},
                       zip_buffer_fragment_t{bytes_at(tensor.bytes.data()), tensor.bytes.size()}};
  const std::size_t count = tensor.bytes.empty() ? 1 : 2;
  zip_source_t* const source = zip_source_buffer_fragment(archive, fragments.data(), count, 0);
  const std::string name = tensor.name + std::string(extension);
  const zip_int64_t index =
      source == nullptr ? -1 : zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    throw Error(ErrorKind::value,
                fmt::format("tensor {}: {}", quote(tensor.name),
                            zip_error_strerror(zip_get_error(archive))),
                path);
  }
  const auto member = static_cast<zip_uint64_t>(index);
  constexpr zip_uint16_t first_day = (1 << 5) | 1;  // 1980-01-01: the date must not tell runs apart
  zip_set_file_compression(archive, member, ZIP_CM_STORE, 0);
  zip_file_set_dostime(archive, member, 0, first_day, 0);
}

void copy_to(AtomicFile& file, zip_source_t* source, const std::string& path) {
  const auto refuse = [&] {
    return Error(ErrorKind::file,
                 std::string("cannot be written: ") + zip_error_strerror(zip_source_error(source)),
                 path);
  };
  if (zip_source_open(source) != 0) throw refuse();
  std::vector<std::byte> block(1 << 20);
  for (;;) {
    const auto count = zip_source_read(source, block.data(), block.size());
    if (count < 0) throw refuse();
    if (count == 0) break;
    file.write(std::span<const std::byte>(block).first(static_cast<std::size_t>(count)));
  }
  zip_source_close(source);
}

}  // namespace

TensorFile read_npz(const std::string& path) {
  return parse_npz(map_file(path), path);
}

TensorFile parse_npz(const SharedBytes& file, const std::string& path) {
  const Archive archive = naming(path, {}, [&] { return open_archive(file); });
  TensorFile result{path, "npz", {}, {}, {}};
  std::set<std::string> members;
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
  for (zip_uint64_t i = 0; i < count; ++i) {
    zip_stat_t status;
    if (zip_stat_index(archive.get(), i, 0, &status) != 0 || !(status.valid & ZIP_STAT_NAME))
      throw Error(ErrorKind::format, fmt::format("member {} cannot be read", i), path);
    const std::string member = status.name;
    if (!members.insert(member).second)
      throw Error(ErrorKind::format, "member " + quote(member) + " given twice", path);
    if (!member.ends_with(extension)) continue;
    const std::string name = member.substr(0, member.size() - extension.size());
    if (const std::string why = why_unreadable(status); !why.empty()) {
      result.unreadable[name] = why;
      continue;
    }
    Array array{file, i, {}};
    try {
      array.read_header(archive.get(), status.size);
    } catch (const Error& error) {
      result.unreadable[name] = error.what();
      continue;
    }
    const auto read = [array, path, part = "member " + quote(member)] {
      return naming(path, part, [&array] { return array.read_data(); });
    };
    result.tensors.push_back({name, array.header.dtype, array.header.shape, path, read});
  }
  if (!result.tensors.empty()) return result;
  if (result.unreadable.empty())
    throw Error(ErrorKind::format, "is " + what_else(members) + " (expected .npz)", path);
  const auto& [name, why] = *result.unreadable.begin();
  throw Error(ErrorKind::format, "no readable array; " + quote(name) + ": " + why, path);
}

void write_npz(const std::string& path, std::span<const OutputTensor> tensors) {
  std::set<std::string_view> names;
  std::vector<std::string> headers;  // live until the archive is closed
  for (const OutputTensor& tensor : tensors) {
    require_consistent(tensor, path);
    headers.push_back(naming(path, {}, [&] { return npy_header_text(tensor); }));
    if (!names.insert(tensor.name).second)
      throw Error(ErrorKind::value, "tensor name " + quote(tensor.name) + " used twice", path);
  }
  ZipError error;
  const Source memory = memory_archive(error, path);
  zip_source_keep(memory.get());  // once for us, once for the archive
  Archive archive(zip_open_from_source(memory.get(), ZIP_TRUNCATE, &error.error));
  if (!archive) {
    zip_source_free(memory.get());
    throw Error(ErrorKind::file, "cannot be written: " + error.text(), path);
  }
  for (std::size_t i = 0; i < tensors.size(); ++i)
    add_member(archive.get(), tensors[i], headers[i], path);
  if (zip_close(archive.get()) != 0)
    throw Error(
        ErrorKind::file,
        std::string("cannot be written: ") + zip_error_strerror(zip_get_error(archive.get())),
        path);
  (void)archive.release();  // closed
  AtomicFile file(path);
  copy_to(file, memory.get(), path);
  file.commit();
}

}  // namespace yoneda::io
