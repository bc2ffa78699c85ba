#include "yoneda/io/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "io/float8.hpp"
#include "io/json.hpp"
#include "io/shape.hpp"
#include "io/text.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace yoneda::io {
namespace {

using nlohmann::json;

constexpr Index length_bytes = 8;  // of the header's length, before the header
constexpr Index safetensors_header_limit = 100'000'000;  // the format's own
constexpr std::size_t data_alignment = 64;               // of the data we write
constexpr const char* metadata_key = "__metadata__";

struct HeaderEntry {
  Index begin, end;  // bytes of the data section
  Tensor tensor;
  std::optional<Float8> coded = {};  // where its bytes are to be decoded
  bool readable = true;
};

// What the format has beside the element types: 8-bit floats that are decoded as they are read, and
// numbers that are listed alone.
struct Special {
  std::string_view name;
  Index bits;
  std::optional<Float8> coded = {};
};

constexpr Special specials[] = {{"F8_E8M0", 8, Float8::e8m0},
                                {"F8_E4M3FNUZ", 8, Float8::e4m3fnuz},
                                {"F8_E5M2FNUZ", 8, Float8::e5m2fnuz},
                                {"F4", 4},
                                {"F6_E2M3", 6},
                                {"F6_E3M2", 6},
                                {"C64", 64}};

// Bytes of so many numbers of these bits; nothing where that overflows or is no whole number.
std::optional<Index> bytes_of(std::span<const Index> shape, Index bits) {
  const auto numbers = bytes_of(shape, ElementType::u8);
  if (!numbers || *numbers > std::numeric_limits<Index>::max() / bits) return std::nullopt;
  const Index total = *numbers * bits;
  return total % 8 == 0 ? std::optional(total / 8) : std::nullopt;
}

SharedBytes decoded(const SharedBytes& stored, Float8 format) {
  const auto& floats = floats_of(format);
  return make_shared_bytes(4 * static_cast<Index>(stored.span.size()), [&](std::byte* to) {
    auto* const numbers = reinterpret_cast<float*>(to);
    std::ranges::transform(stored.span, numbers, [&](std::byte byte) {
      return floats[std::to_integer<std::size_t>(byte)];
    });
  });
}

struct HeaderParser {
  const SharedBytes& file;
  const std::string& path;

  Error bad(const std::string& message) const { return Error(ErrorKind::format, message, path); }

  TensorFile parse() const {
    const Index size = static_cast<Index>(file.span.size());
    const Index header_size = header_length(size);
    const auto* text = reinterpret_cast<const char*>(file.span.data()) + length_bytes;
    if (header_size == 0 || *text != '{') throw bad("not a safetensors file: no JSON header");
    const json header = parse_json({text, static_cast<std::size_t>(header_size)}, path, "header");

    TensorFile result{path, "safetensors", {}, {}, {}};
    std::vector<HeaderEntry> entries;
    for (const auto& [name, info] : header.items()) {
      if (name == metadata_key)
        result.metadata = metadata(info);
      else
        entries.push_back(entry(name, info));
    }
    const Index data_start = length_bytes + header_size;
    std::ranges::sort(entries, {}, [](const HeaderEntry& e) { return std::pair(e.begin, e.end); });
    require_gapless(entries, size - data_start);
    for (HeaderEntry& e : entries) {
      SharedBytes bytes = file.part(data_start + e.begin, e.end - e.begin);
      e.tensor.read = [bytes] { return bytes; };
      if (e.coded) e.tensor.read = [bytes, format = *e.coded] { return decoded(bytes, format); };
      if (e.readable)
        result.tensors.push_back(std::move(e.tensor));
      else
        result.unreadable[e.tensor.name] = "it holds " + e.tensor.encoding + ": store it as F32";
    }
    return result;
  }

  Index header_length(Index size) const {
    if (size < length_bytes) throw bad(fmt::format("truncated: {} bytes are no header", size));
    std::uint64_t length = 0;
    std::memcpy(&length, file.span.data(), sizeof length);
    if (length > static_cast<std::uint64_t>(safetensors_header_limit))
      throw bad(fmt::format("header of {} bytes, more than the {} that safetensors allows", length,
                            safetensors_header_limit));
    if (static_cast<Index>(length) > size - length_bytes)
      throw bad(fmt::format("truncated: header of {} bytes in a file of {}", length, size));
    return static_cast<Index>(length);
  }

  std::map<std::string, std::string> metadata(const json& info) const {
    if (!info.is_object()) throw bad("header: '__metadata__' is not an object");
    std::map<std::string, std::string> texts;
    for (const auto& [key, value] : info.items()) {
      if (!value.is_string()) throw bad("header: metadata " + quote(key) + " is not a text");
      texts[key] = value.get<std::string>();
    }
    return texts;
  }

  HeaderEntry entry(const std::string& name, const json& info) const {
    const auto refuse = [&](const std::string& why) {
      return bad("tensor " + quote(name) + ": " + why);
    };
    if (!info.is_object() || !info.contains("dtype") || !info.contains("shape") ||
        !info.contains("data_offsets"))
      throw refuse("the header lacks its dtype, shape or data_offsets");
    if (!info["dtype"].is_string()) throw refuse("its dtype is not a text");
    const auto& dtype_name = info["dtype"].get_ref<const std::string&>();
    const auto dtype = element_type_from(dtype_name);
    const auto special = std::ranges::find(specials, dtype_name, &Special::name);
    const bool is_special = special != std::end(specials);
    if (!dtype && !is_special) throw refuse("unknown dtype " + quote(dtype_name));

    const auto shape = counts(info["shape"]);
    if (!shape) throw refuse("its shape is not a list of whole numbers");
    const auto offsets = counts(info["data_offsets"]);
    if (!offsets || offsets->size() != 2 || offsets->at(0) > offsets->at(1))
      throw refuse("its data_offsets are not two ascending whole numbers");
    const Index begin = offsets->at(0), end = offsets->at(1);
    const auto expected = dtype ? bytes_of(*shape, *dtype) : bytes_of(*shape, special->bits);
    if (!expected || *expected != end - begin)
      throw refuse(fmt::format("{} of {} does not take the {} bytes it has", dtype_name,
                               shape_text(*shape), end - begin));
    Tensor tensor{name, dtype.value_or(ElementType::f32), *shape, path, {}};
    if (dtype) return {begin, end, std::move(tensor)};
    tensor.encoding = dtype_name;
    return {begin, end, std::move(tensor), special->coded, special->coded.has_value()};
  }

  static std::optional<std::vector<Index>> counts(const json& list) {
    if (!list.is_array()) return std::nullopt;
    std::vector<Index> values;
    for (const json& item : list) {
      const auto value = as_count(item);
      if (!value) return std::nullopt;
      values.push_back(*value);
    }
    return values;
  }

  void require_gapless(const std::vector<HeaderEntry>& entries, Index data_size) const {
    Index at = 0;
    for (const HeaderEntry& e : entries) {
      if (e.begin != at)
        throw bad(fmt::format(
            "tensor {} starts at byte {} of the data, {} at {}", quote(e.tensor.name), e.begin,
            e.begin < at ? "inside another that ends" : "after a gap that starts", at));
      at = e.end;
    }
    if (at > data_size)
      throw bad(fmt::format("truncated: {} bytes of data, the header announces {}", data_size, at));
    if (at < data_size)
      throw bad(fmt::format("{} bytes of data, the header announces only {}", data_size, at));
  }
};

std::string header_text(std::span<const OutputTensor> tensors,
                        const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[metadata_key] = metadata;
  std::size_t at = 0;
  for (const OutputTensor& tensor : tensors) {
    header[tensor.name] = {{"dtype", name(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {at, at + tensor.bytes.size()}}};
    at += tensor.bytes.size();
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  while ((length_bytes + text.size()) % data_alignment != 0) text += ' ';
  return text;
}

}  // namespace

TensorFile read_safetensors(const std::string& path) {
  return parse_safetensors(map_file(path), path);
}

TensorFile parse_safetensors(const SharedBytes& file, const std::string& path) {
  return HeaderParser{file, path}.parse();
}

void write_safetensors(const std::string& path, std::span<const OutputTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::set<std::string_view> names{metadata_key};
  for (const OutputTensor& tensor : tensors) {
    require_consistent(tensor, path);
    if (!names.insert(tensor.name).second)
      throw Error(ErrorKind::value,
                  "tensor name " + quote(tensor.name) + " is reserved or used twice", path);
  }
  const std::string header = header_text(tensors, metadata);
  const std::uint64_t length = header.size();
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const OutputTensor& tensor : tensors) file.write(tensor.bytes);
  file.commit();
}

}  // namespace yoneda::io
