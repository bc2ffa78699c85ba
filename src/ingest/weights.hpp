// The tensors behind a path: of a file, of a folder with one file, or of a folder with shards.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/gguf_shards.hpp"
#include "yoneda/io/tensor.hpp"
#include "yoneda/model/origin.hpp"

namespace yoneda::ingest {

class Weights {
 public:
  /// Throws Error{file} where a folder holds no weights, or several files none of which is the one.
  explicit Weights(const std::string& path);

  /// The file of the weights, or the index of the shards.
  const std::string& file() const { return file_; }
  /// The files that were opened so far, the index of the shards among them.
  std::vector<std::string> files() const;
  /// As TensorFile has it; of shards, empty.
  const std::string& format() const { return format_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// The class of a whole module that torch pickled.
  const std::string& object() const { return object_; }

  bool has(std::string_view name) const;
  /// The tensor, whose shard is opened if it was not. Throws Error{value} that lists names, and for
  /// 8-bit numbers that have scales beside them.
  const io::Tensor& at(const std::string& name);
  /// The name if it is given (Error{value} where there is no such tensor), else the first of the
  /// candidates that exists, else empty.
  std::string choose(const std::string& given, std::span<const std::string_view> candidates) const;

  /// Names that are not in `used`, sorted.
  std::vector<std::string> others(const std::vector<std::string>& used) const;

 private:
  void read_index();
  void read_shards(const GgufShard& first);
  void require_unscaled(const io::Tensor& tensor) const;
  [[noreturn]] void missing(std::string_view name) const;

  std::string file_, format_, object_;
  bool sharded_ = false;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, std::string, std::less<>> shard_of_;  // tensor name -> path of its file
  std::map<std::string, io::TensorFile> open_;                // by path
};

/// Throws Error{value} naming the tensor where a number is NaN or infinite.
void require_finite(const Matrix& matrix, const io::Tensor& tensor);
void require_finite(std::span<const float> values, const io::Tensor& tensor);

/// Notes which of the file's tensors went unused.
void note_unused(const Weights& weights, Origin& origin);

}  // namespace yoneda::ingest
