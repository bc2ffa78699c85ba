#include "io/gguf_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>

#include "io/byte_reader.hpp"
#include "io/text.hpp"

namespace yoneda::io {
namespace {

constexpr std::string_view gguf_magic = "GGUF";
constexpr Index default_alignment = 32;
constexpr Index most_axes = 4;
constexpr Index deepest_list = 4;  // of lists in lists

// What kinds of values there are, by their number in the file. Texts and lists have no size.
enum Kind : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, text, list, u64, i64, f64 };
constexpr std::array<Index, 13> kind_bytes{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

std::string_view read_text(ByteReader& reader, std::string_view what) {
  return reader.text(reader.number<std::uint64_t>(what), what);
}

// The number of a kind of value.
std::uint32_t read_kind(ByteReader& reader) {
  const auto kind = reader.number<std::uint32_t>("the type of a value");
  if (kind >= kind_bytes.size())
    throw bad_format(fmt::format("a value of type {}, which GGUF does not have", kind));
  return kind;
}

// How many values a list has: no more than the bytes that are left could hold.
std::uint64_t read_count(ByteReader& reader, Index least_bytes, std::string_view what) {
  const auto count = reader.number<std::uint64_t>(what);
  if (count > static_cast<std::uint64_t>(reader.left() / least_bytes))
    throw bad_format(
        fmt::format("truncated: {} is {}, {} bytes are left", what, count, reader.left()));
  return count;
}

void skip_list(ByteReader& reader, Index depth);

void skip_values(ByteReader& reader, std::uint32_t kind, std::uint64_t count, Index depth) {
  if (kind != text && kind != list) {
    reader.take(count * static_cast<std::uint64_t>(kind_bytes[kind]), "a value");
    return;
  }
  for (std::uint64_t i = 0; i < count; ++i)
    if (kind == text)
      read_text(reader, "a text");
    else
      skip_list(reader, depth);
}

// The kind and number of a list's values.
std::pair<std::uint32_t, std::uint64_t> read_list_start(ByteReader& reader) {
  const std::uint32_t kind = read_kind(reader);
  const Index least = kind == text ? 8 : kind == list ? 12 : kind_bytes[kind];
  return {kind, read_count(reader, least, "the length of a list")};
}

void skip_list(ByteReader& reader, Index depth) {
  if (depth == deepest_list)
    throw bad_format(fmt::format("lists nested deeper than {} levels", deepest_list));
  const auto [kind, count] = read_list_start(reader);
  skip_values(reader, kind, count, depth + 1);
}

GgufValue read_value(ByteReader& reader) {
  const std::uint32_t kind = read_kind(reader);
  if (kind != list) {
    const GgufValue value{kind, false, 1, reader.at()};
    skip_values(reader, kind, 1, 0);
    return value;
  }
  const auto [element, count] = read_list_start(reader);
  const GgufValue value{element, true, static_cast<Index>(count), reader.at()};
  skip_values(reader, element, count, 1);
  return value;
}

std::vector<Index> read_shape(ByteReader& reader) {
  const auto axes = reader.number<std::uint32_t>("the number of a tensor's axes");
  if (axes > most_axes)
    throw bad_format(fmt::format("has {} axes, GGUF has at most {}", axes, most_axes));
  std::vector<Index> shape;
  for (std::uint32_t axis = 0; axis < axes; ++axis) {
    const auto length = reader.number<std::uint64_t>("a tensor's shape");
    if (length > static_cast<std::uint64_t>(std::numeric_limits<Index>::max()))
      throw bad_format(fmt::format("has an axis of length {}", length));
    shape.push_back(static_cast<Index>(length));
  }
  std::ranges::reverse(shape);
  return shape;
}

// Bytes of so many rows of blocks. Throws where a row is no whole number of blocks, or where there
// are more bytes than any file has.
Index bytes_of(const GgmlType& type, const std::vector<Index>& shape) {
  const Index columns = shape.empty() ? 1 : shape.back();
  if (columns % type.numbers != 0)
    throw bad_format(fmt::format("rows of {} numbers are no whole blocks of {} ({})", columns,
                                 type.numbers, type.name));
  Index bytes = type.bytes;
  const auto multiply = [&](Index length) {
    if (length > 0 && bytes > std::numeric_limits<Index>::max() / length)
      throw bad_format(fmt::format("a shape of {} is too large", shape_text(shape)));
    bytes *= length;
  };
  multiply(columns / type.numbers);
  for (std::size_t axis = 0; axis + 1 < shape.size(); ++axis) multiply(shape[axis]);
  // Beside an axis of length 0 the others may still be absurd: their product is asked for later.
  Index numbers = 1;
  for (const Index length : shape) {
    if (length > 0 && numbers > std::numeric_limits<Index>::max() / 8 / length)
      throw bad_format(fmt::format("a shape of {} is too large", shape_text(shape)));
    if (length > 0) numbers *= length;
  }
  return bytes;
}

GgufTensor read_tensor(ByteReader& reader) {
  GgufTensor tensor;
  tensor.name = read_text(reader, "a tensor's name");
  naming({}, "tensor " + quote(tensor.name), [&] {
    tensor.shape = read_shape(reader);
    tensor.type_id = reader.number<std::uint32_t>("a tensor's type");
    tensor.type = ggml_type(tensor.type_id);
    tensor.bytes = tensor.type ? bytes_of(*tensor.type, tensor.shape) : 0;
    const auto offset = reader.number<std::uint64_t>("a tensor's offset");
    if (offset > static_cast<std::uint64_t>(std::numeric_limits<Index>::max()))
      throw bad_format(fmt::format("lies at byte {} of the data", offset));
    tensor.at = static_cast<Index>(offset);
  });
  return tensor;
}

void require_version(std::uint32_t version) {
  if (version == 2 || version == 3) return;
  if (version != 0 && (version & 0xffffu) == 0)
    throw bad_format(
        "is a big-endian GGUF file, which is not read: convert it on a little-endian machine "
        "(gguf_convert_endian.py)");
  throw bad_format(
      fmt::format("is a GGUF file of version {}; 2 and 3 are read: convert the "
                  "model again (convert_hf_to_gguf.py)",
                  version));
}

template <class T>
T stored(const SharedBytes& file, Index at) {
  return ByteReader(file.span.subspan(static_cast<std::size_t>(at))).number<T>("a value");
}

// Calls use(number) with the value in its own type.
template <class Use>
auto with_number(const SharedBytes& file, std::uint32_t kind, Index at, const Use& use) {
  switch (kind) {
    case u8:
    case boolean:
      return use(stored<std::uint8_t>(file, at));
    case i8:
      return use(stored<std::int8_t>(file, at));
    case u16:
      return use(stored<std::uint16_t>(file, at));
    case i16:
      return use(stored<std::int16_t>(file, at));
    case u32:
      return use(stored<std::uint32_t>(file, at));
    case i32:
      return use(stored<std::int32_t>(file, at));
    case u64:
      return use(stored<std::uint64_t>(file, at));
    case i64:
      return use(stored<std::int64_t>(file, at));
    case f32:
      return use(stored<float>(file, at));
    default:
      return use(stored<double>(file, at));
  }
}

Error wrong_kind(std::string_view key, const char* expected) {
  return bad_format(fmt::format("the value of {} should be {}", quote(key), expected));
}

}  // namespace

GgufHeader::GgufHeader(SharedBytes file) : file_(std::move(file)) {
  ByteReader reader(file_.span);
  if (reader.text(gguf_magic.size(), "the header") != gguf_magic)
    throw bad_format("is no GGUF file");
  require_version(reader.number<std::uint32_t>("the version"));
  // A tensor takes a name's length, the number of axes, a type and an offset; a value a key's
  // length, a type and a byte.
  const auto tensors = read_count(reader, 8 + 4 + 4 + 8, "the number of tensors");
  const auto values = read_count(reader, 8 + 4 + 1, "the number of values");
  for (std::uint64_t i = 0; i < values; ++i) {
    const std::string key(read_text(reader, "a key"));
    const GgufValue value = naming({}, "key " + quote(key), [&] { return read_value(reader); });
    if (!values_.emplace(key, value).second) throw bad_format("key " + quote(key) + " given twice");
  }
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < tensors; ++i) {
    tensors_.push_back(read_tensor(reader));
    if (!names.insert(tensors_.back().name).second)
      throw bad_format("tensor " + quote(tensors_.back().name) + " given twice");
  }
  place_tensors(reader.at());
}

// Turns offsets within the data into places in the file.
void GgufHeader::place_tensors(Index behind_header) {
  const double said = number("general.alignment").value_or(default_alignment);
  const auto alignment = said >= 1 && said <= 1 << 30 ? static_cast<Index>(said) : 0;
  if (alignment == 0 || !std::has_single_bit(static_cast<std::uint64_t>(alignment)))
    throw bad_format(fmt::format("an alignment of {}, which is no power of two", said));
  const Index size = static_cast<Index>(file_.span.size());
  const Index data = (behind_header + alignment - 1) / alignment * alignment;
  std::vector<const GgufTensor*> placed;
  for (GgufTensor& tensor : tensors_) {
    const auto refuse = [&](const std::string& why) {
      return bad_format("tensor " + quote(tensor.name) + ": " + why);
    };
    if (tensor.at % alignment != 0)
      throw refuse(fmt::format("byte {} of the data is no multiple of {}", tensor.at, alignment));
    if (data > size || tensor.at > size - data || tensor.bytes > size - data - tensor.at)
      throw refuse(
          fmt::format("truncated: it takes {} bytes from byte {} of the data, which has {}",
                      tensor.bytes, tensor.at, std::max<Index>(size - data, 0)));
    tensor.at += data;
    if (tensor.bytes > 0) placed.push_back(&tensor);
  }
  std::ranges::sort(placed, {}, [](const GgufTensor* tensor) { return tensor->at; });
  for (std::size_t i = 1; i < placed.size(); ++i)
    if (placed[i - 1]->at + placed[i - 1]->bytes > placed[i]->at)
      throw bad_format("tensor " + quote(placed[i]->name) + " begins inside " +
                       quote(placed[i - 1]->name));
}

const GgufValue* GgufHeader::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::optional<std::string> GgufHeader::text(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (value->list || value->type != Kind::text) throw wrong_kind(key, "a text");
  return written(*value);
}

std::optional<double> GgufHeader::number(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (value->list || value->type == Kind::text) throw wrong_kind(key, "a number");
  return with_number(file_, value->type, value->at,
                     [](auto number) { return static_cast<double>(number); });
}

std::optional<std::vector<std::string>> GgufHeader::texts(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (!value->list || value->type != Kind::text) throw wrong_kind(key, "a list of texts");
  ByteReader reader(file_.span.subspan(static_cast<std::size_t>(value->at)));
  std::vector<std::string> texts;
  for (Index i = 0; i < value->count; ++i) texts.emplace_back(read_text(reader, "a text"));
  return texts;
}

std::optional<std::vector<Index>> GgufHeader::integers(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  const bool whole =
      value->type != Kind::text && value->type != list && value->type != f32 && value->type != f64;
  if (!value->list || !whole) throw wrong_kind(key, "a list of whole numbers");
  std::vector<Index> numbers;
  for (Index i = 0; i < value->count; ++i)
    numbers.push_back(with_number(file_, value->type, value->at + i * kind_bytes[value->type],
                                  [](auto number) { return static_cast<Index>(number); }));
  return numbers;
}

std::string GgufHeader::written(const GgufValue& value) const {
  if (value.type == Kind::text) {
    ByteReader reader(file_.span.subspan(static_cast<std::size_t>(value.at)));
    return std::string(read_text(reader, "a text"));
  }
  if (value.type == boolean) return stored<std::uint8_t>(file_, value.at) != 0 ? "true" : "false";
  return with_number(file_, value.type, value.at,
                     [](auto number) { return fmt::format("{}", number); });
}

bool is_gguf(std::span<const std::byte> file) {
  return file.size() >= gguf_magic.size() &&
         std::string_view(reinterpret_cast<const char*>(file.data()), gguf_magic.size()) ==
             gguf_magic;
}

}  // namespace yoneda::io
