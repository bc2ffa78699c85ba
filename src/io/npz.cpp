#include "yoneda/io/npz.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "io/big_endian.hpp"
#include "io/libzip.hpp"
#include "io/npy_header.hpp"
#include "io/text.hpp"
#include "io/zip.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace yoneda::io {
namespace {

constexpr std::string_view extension = ".npy";

struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Source = std::unique_ptr<zip_source_t, FreeSource>;

// Reads the header alone and holds it against the size that the archive announces.
NpyHeader header_of(const ZipArchive& archive, const ZipMember& member) {
  if (member.size < npy_preamble) throw bad_format("too short for an array");
  const Index size = npy_header_size(archive.start(member, npy_preamble));
  if (size > member.size) throw bad_format("truncated");
  const NpyHeader header = parse_npy_header(archive.start(member, size));
  if (header.size + header.data != member.size)
    throw bad_format(fmt::format("{} bytes, {} of {} takes {} after a header of {}", member.size,
                                 io::name(header.dtype), shape_text(header.shape), header.data,
                                 header.size));
  return header;
}

bool aligned(const ZipArchive& archive, const ZipMember& member, const NpyHeader& header) {
  const auto address =
      reinterpret_cast<std::uintptr_t>(archive.stored(member).span.data() + header.size);
  return address % static_cast<std::uintptr_t>(bytes_per_element(header.dtype)) == 0;
}

Tensor tensor_of(const std::shared_ptr<const ZipArchive>& archive, const ZipMember& member,
                 const std::string& name, const std::string& path) {
  const NpyHeader header = header_of(*archive, member);
  const std::string part = "member " + quote(member.name);
  Tensor tensor{name, header.dtype, header.shape, path, {}, strides_of(header)};
  tensor.read = [archive, member, path, part, skip = header.size] {
    return naming(path, part, [&] { return archive->bytes(member, skip); });
  };
  if (!member.stored() || !aligned(*archive, member, header))
    tensor.stream = [archive, member, path, part, skip = header.size](Index piece,
                                                                      const ByteSink& sink) {
      naming(path, part, [&] { archive->stream(member, skip, piece, sink); });
    };
  if (header.big_endian) return from_big_endian(std::move(tensor));
  return tensor;
}

// A member that is one text.
std::optional<std::string> text_member(const ZipArchive& archive, const ZipMember& member) {
  constexpr Index most = 1 << 20;
  if (member.size > most) return std::nullopt;
  // Only what begins like one is unpacked.
  const auto start = archive.start(member, 64);
  const std::string_view begin(reinterpret_cast<const char*>(start.data()), start.size());
  if (begin.find("'|S") == begin.npos) return std::nullopt;
  const SharedBytes bytes = archive.bytes(member);
  return text_of_npy({reinterpret_cast<const char*>(bytes.span.data()), bytes.span.size()});
}

std::string what_else(const std::vector<ZipMember>& members) {
  if (members.empty()) return "an empty zip archive";
  std::vector<std::string> names;
  for (const ZipMember& member : members) names.push_back(member.name);
  return "a zip archive without .npy members: " + quote_all(names, 4);
}

// A growing buffer in memory that libzip writes an archive to.
Source memory_archive(ZipError& error, const std::string& path) {
  Source source(zip_source_buffer_create(nullptr, 0, 0, &error.error));
  if (!source) throw Error(ErrorKind::file, "cannot be written: " + error.text(), path);
  return source;
}

void add_member(zip_t* archive, const std::string& name, std::string_view header,
                std::span<const std::byte> data, const std::string& path) {
  const auto bytes_at = [](const void* first) {
    return static_cast<zip_uint8_t*>(const_cast<void*>(first));  // libzip only reads them
  };
  std::array fragments{zip_buffer_fragment_t{bytes_at(header.data()), header.size()},
                       zip_buffer_fragment_t{bytes_at(data.data()), data.size()}};
  const std::size_t count = data.empty() ? 1 : 2;
  zip_source_t* const source = zip_source_buffer_fragment(archive, fragments.data(), count, 0);
  const std::string member_name = name + std::string(extension);
  const zip_int64_t index =
      source == nullptr ? -1 : zip_file_add(archive, member_name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    throw Error(
        ErrorKind::value,
        fmt::format("tensor {}: {}", quote(name), zip_error_strerror(zip_get_error(archive))),
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
  const auto archive = naming(path, {}, [&] { return std::make_shared<const ZipArchive>(file); });
  TensorFile result{path, "npz", {}, {}, {}};
  for (const ZipMember& member : archive->members()) {
    if (!member.name.ends_with(extension)) continue;
    const std::string name = member.name.substr(0, member.name.size() - extension.size());
    if (!member.unreadable.empty()) {
      result.unreadable[name] = member.unreadable;
      continue;
    }
    try {
      if (const auto text = text_member(*archive, member))
        result.metadata[name] = *text;
      else
        result.tensors.push_back(tensor_of(archive, member, name, path));
    } catch (const Error& error) {
      result.unreadable[name] = error.what();
    }
  }
  if (!result.tensors.empty()) return result;
  if (result.unreadable.empty())
    throw Error(ErrorKind::format, "is " + what_else(archive->members()) + " (expected .npz)",
                path);
  const auto& [name, why] = *result.unreadable.begin();
  throw Error(ErrorKind::format, "no readable array; " + quote(name) + ": " + why, path);
}

void write_npz(const std::string& path, std::span<const OutputTensor> tensors,
               const std::map<std::string, std::string>& texts) {
  std::set<std::string_view> names;
  std::vector<std::string> headers;  // live until the archive is closed
  for (const OutputTensor& tensor : tensors) {
    require_consistent(tensor, path);
    headers.push_back(naming(path, {}, [&] { return npy_header_text(tensor); }));
    if (!names.insert(tensor.name).second)
      throw Error(ErrorKind::value, "tensor name " + quote(tensor.name) + " used twice", path);
  }
  for (const auto& [name, text] : texts) {
    headers.push_back(npy_text(text));
    if (!names.insert(name).second)
      throw Error(ErrorKind::value, "tensor name " + quote(name) + " used twice", path);
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
    add_member(archive.get(), tensors[i].name, headers[i], tensors[i].bytes, path);
  std::size_t at = tensors.size();
  for (const auto& text : texts) add_member(archive.get(), text.first, headers[at++], {}, path);
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
