// What stands before the numbers of a GGUF file: keys with values, and a list of tensors.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/ggml_type.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// One value, where it lies in the file; what it announces has been held against the file's size.
struct GgufValue {
  std::uint32_t type;  ///< of the value, or of each of a list's
  bool list;
  Index count;  ///< of a list; else 1
  Index at;     ///< its first byte, or that of a list's first value
};

struct GgufTensor {
  std::string name;
  std::vector<Index> shape;  ///< row-major: the file has the fastest axis first
  std::uint32_t type_id;
  const GgmlType* type;  ///< null: unknown
  Index at, bytes;       ///< in the file; bytes are 0 where the type is unknown
};

/// Views of the file, which must outlive them. Errors do not name the file: see naming().
class GgufHeader {
 public:
  /// Versions 2 and 3, little-endian. Throws Error{format} for others, for damage, keys and names
  /// given twice, and tensors that are misaligned, overlap or reach beyond the end. Cost: the
  /// header; memory for its keys and names.
  explicit GgufHeader(SharedBytes file);

  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const std::map<std::string, GgufValue, std::less<>>& values() const { return values_; }

  bool has(std::string_view key) const { return values_.contains(key); }
  /// Nothing where the key is missing. Throw Error{format} where its value is of another kind.
  std::optional<std::string> text(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<std::vector<std::string>> texts(std::string_view key) const;
  std::optional<std::vector<Index>> integers(std::string_view key) const;

  /// A value that is no list, as a person would write it.
  std::string written(const GgufValue& value) const;

 private:
  const GgufValue* find(std::string_view key) const;
  void place_tensors(Index behind_header);

  SharedBytes file_;
  std::map<std::string, GgufValue, std::less<>> values_;
  std::vector<GgufTensor> tensors_;
};

/// True for a file that begins as every GGUF file does.
bool is_gguf(std::span<const std::byte> file);

}  // namespace yoneda::io
