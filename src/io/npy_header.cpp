#include "io/npy_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "io/shape.hpp"
#include "io/text.hpp"

namespace yoneda::io {
namespace {

constexpr std::string_view npy_magic = "\x93NUMPY";
constexpr Index npy_header_limit = 1 << 20;
constexpr std::size_t npy_alignment = 64;

// NumPy's names; little-endian ('>' instead of '<' would be big-endian), or a single byte.
constexpr std::array npy_types{
    std::pair{"<f8", ElementType::f64}, std::pair{"<f4", ElementType::f32},
    std::pair{"<f2", ElementType::f16}, std::pair{"<i8", ElementType::i64},
    std::pair{"<i4", ElementType::i32}, std::pair{"<i2", ElementType::i16},
    std::pair{"|i1", ElementType::i8},  std::pair{"<u8", ElementType::u64},
    std::pair{"<u4", ElementType::u32}, std::pair{"<u2", ElementType::u16},
    std::pair{"|u1", ElementType::u8},  std::pair{"|b1", ElementType::boolean},
};

std::string why_not(const std::string& type) {
  if (type.find('O') != type.npos) return "Python objects, which would need unpickling";
  if (type.find('U') != type.npos || type.find('S') != type.npos) return "strings";
  if (type.find('V') != type.npos) return "raw bytes or bfloat16 (save it as float32)";
  if (type.find('c') != type.npos) return "complex numbers";
  return "elements this library has no type for";
}

bool is_big_endian(const std::string& type) {
  return type.starts_with('>');
}

ElementType element_type_of(const std::string& type) {
  const std::string little = is_big_endian(type) ? '<' + type.substr(1) : type;
  for (const auto& [text, dtype] : npy_types)
    if (little == text) return dtype;
  throw bad_format(fmt::format("holds {} (dtype {})", why_not(type), quote(type)));
}

// The Python literal {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
class Literal {
 public:
  explicit Literal(std::string_view text) : rest_(text) {}

  NpyHeader parse() {
    std::optional<std::string> type;
    std::optional<bool> fortran;
    std::optional<std::vector<Index>> shape;
    expect('{');
    while (!accept('}')) {
      const std::string key = text();
      expect(':');
      if (key == "descr" && !type)
        type = dtype_text();
      else if (key == "fortran_order" && !fortran)
        fortran = flag();
      else if (key == "shape" && !shape)
        shape = tuple();
      else
        throw damaged("an unexpected key " + quote(key));
      if (!accept(',') && peek() != '}') throw damaged("a missing comma");
    }
    if (peek() != '\0') throw damaged("something behind the dictionary");
    if (!type || !fortran || !shape) throw damaged("no 'descr', 'fortran_order' or 'shape'");
    return {element_type_of(*type), *shape, *fortran, is_big_endian(*type)};
  }

 private:
  Error damaged(const std::string& what) const { return bad_format("damaged npy header: " + what); }

  // The next character that is no space; 0 at the end.
  char peek() {
    const auto start = rest_.find_first_not_of(" \n\t");
    rest_.remove_prefix(std::min(start, rest_.size()));
    return rest_.empty() ? '\0' : rest_.front();
  }

  bool accept(char wanted) {
    if (peek() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) throw damaged(fmt::format("'{}' is missing", wanted));
  }

  std::string text() {
    const char mark = peek();
    if (mark != '\'' && mark != '"') throw damaged("a text is missing");
    const auto end = rest_.find(mark, 1);
    if (end == rest_.npos) throw damaged("a text without end");
    const std::string found(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return found;
  }

  std::string dtype_text() {
    if (peek() == '[') throw bad_format("holds structures (a dtype with named fields)");
    return text();
  }

  bool flag() {
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      peek();
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    throw damaged("fortran_order is neither True nor False");
  }

  std::vector<Index> tuple() {
    std::vector<Index> lengths;
    expect('(');
    while (!accept(')')) {
      lengths.push_back(number());
      if (!accept(',') && peek() != ')') throw damaged("a missing comma in the shape");
    }
    return lengths;
  }

  Index number() {
    peek();
    Index value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value < 0) throw damaged("a length that is no whole number");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    if (rest_.starts_with('L')) rest_.remove_prefix(1);  // Python 2
    return value;
  }

  std::string_view rest_;
};

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The length field is 2 bytes in version 1, 4 afterwards.
std::size_t length_width(std::span<const std::byte> start) {
  return start[npy_magic.size()] == std::byte{1} ? 2 : 4;
}

// One text, of as many bytes as its own.
constexpr const char* text_literal = "{{'descr': '|S{}', 'fortran_order': False, 'shape': (), }}";

// Magic, version, length and the dictionary, padded so that the data are aligned.
std::string header_of(std::string literal, const std::string& tensor) {
  const std::size_t before = npy_magic.size() + 2 + 2;
  while ((before + literal.size() + 1) % npy_alignment != 0) literal += ' ';
  literal += '\n';
  if (literal.size() > 0xffff)
    throw Error(ErrorKind::value, "tensor " + quote(tensor) + " has too many axes");
  std::string header(npy_magic);
  header += {'\x01', '\x00', static_cast<char>(literal.size() & 0xff),
             static_cast<char>(literal.size() >> 8)};
  return header + literal;
}

}  // namespace

Index npy_header_size(std::span<const std::byte> start) {
  if (static_cast<Index>(start.size()) < npy_preamble || !as_text(start).starts_with(npy_magic))
    throw bad_format("not a numpy array, or a truncated one");
  const auto version = std::to_integer<int>(start[npy_magic.size()]);
  if (version < 1 || version > 3)
    throw bad_format(fmt::format("npy version {}, this library reads 1 to 3", version));
  const std::size_t width = length_width(start), before = npy_magic.size() + 2;
  std::uint32_t length = 0;
  std::memcpy(&length, start.data() + before, width);
  if (length > npy_header_limit)
    throw bad_format(fmt::format("npy header of {} bytes, more than {}", length, npy_header_limit));
  return static_cast<Index>(before + width + length);
}

NpyHeader parse_npy_header(std::span<const std::byte> bytes) {
  const std::size_t before = npy_magic.size() + 2 + length_width(bytes);
  if (before > bytes.size()) throw bad_format("damaged npy header: it is empty");
  NpyHeader header = Literal(as_text(bytes).substr(before)).parse();
  const auto data = bytes_of(header.shape, header.dtype);
  if (!data) throw bad_format(fmt::format("a shape of {} is too large", shape_text(header.shape)));
  header.size = static_cast<Index>(bytes.size());
  header.data = *data;
  return header;
}

std::vector<Index> strides_of(const NpyHeader& header) {
  std::vector<Index> strides;
  if (!header.fortran) return strides;
  Index step = 1;
  for (const Index length : header.shape) {
    strides.push_back(step);
    step *= length;
  }
  return strides;
}

std::string npy_header_text(const OutputTensor& tensor) {
  const auto type = std::ranges::find_if(
      npy_types, [&tensor](const auto& entry) { return entry.second == tensor.dtype; });
  if (type == npy_types.end())
    throw Error(ErrorKind::value, fmt::format("tensor {}: NumPy has no type for {}",
                                              quote(tensor.name), name(tensor.dtype)));
  return header_of(
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", type->first,
                  fmt::join(tensor.shape, ", "), tensor.shape.size() == 1 ? "," : ""),
      tensor.name);
}

std::string npy_text(std::string_view text) {
  // NumPy has no text of no bytes, and takes zeros at the end for padding.
  const std::size_t size = std::max<std::size_t>(text.size(), 1);
  std::string file = header_of(fmt::format(text_literal, size), "");
  file += text;
  return file + std::string(size - text.size(), '\0');
}

std::optional<std::string> text_of_npy(std::string_view file) {
  constexpr std::size_t before = npy_preamble - 2;  // version 1: the length has 2 bytes
  if (!file.starts_with(npy_magic) || file.size() < before || file[npy_magic.size()] != '\x01')
    return std::nullopt;
  const auto byte = [file](std::size_t i) { return static_cast<unsigned char>(file[i]); };
  const std::size_t begin = before + (byte(before - 2) | std::size_t{byte(before - 1)} << 8);
  if (file.size() <= begin) return std::nullopt;
  std::string_view text = file.substr(begin);
  if (!file.substr(before).starts_with(fmt::format(text_literal, text.size()))) return std::nullopt;
  return std::string(text.substr(0, text.find_last_not_of('\0') + 1));  // npos + 1 is 0
}

}  // namespace yoneda::io
