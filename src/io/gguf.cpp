#include "yoneda/io/gguf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "io/gguf_header.hpp"
#include "io/text.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace yoneda::io {
namespace {

// The blocks of one tensor.
struct Blocks {
  SharedBytes bytes;
  const GgmlType* type;

  Index numbers() const {
    return static_cast<Index>(bytes.span.size()) / type->bytes * type->numbers;
  }

  // Blocks first to last, and gives their pages back.
  void decode(Index first, Index last, float* to) const {
    constexpr Index at_once = 256;
    parallel_for((last - first + at_once - 1) / at_once, [&](Index piece) {
      const Index begin = first + piece * at_once, end = std::min(begin + at_once, last);
      for (Index block = begin; block < end; ++block)
        type->decode(bytes.span.data() + block * type->bytes, to + (block - first) * type->numbers);
      release(bytes.part(begin * type->bytes, (end - begin) * type->bytes));
    });
  }

  SharedBytes all() const {
    const Index blocks = numbers() / type->numbers;
    return make_shared_bytes(
        4 * numbers(), [&](std::byte* to) { decode(0, blocks, reinterpret_cast<float*>(to)); });
  }

  // A piece may begin and end inside a block.
  void stream(Index piece_bytes, const ByteSink& sink) const {
    const Index piece = std::max<Index>(piece_bytes / 4, 1);
    std::vector<float> decoded;
    for (Index begin = 0; begin < numbers(); begin += piece) {
      const Index end = std::min(begin + piece, numbers());
      const Index first = begin / type->numbers;
      const Index last = (end + type->numbers - 1) / type->numbers;
      decoded.resize(static_cast<std::size_t>((last - first) * type->numbers));
      decode(first, last, decoded.data());
      sink(std::as_bytes(
          std::span(decoded).subspan(static_cast<std::size_t>(begin - first * type->numbers),
                                     static_cast<std::size_t>(end - begin))));
    }
  }
};

Tensor tensor_of(const GgufTensor& stored, const SharedBytes& file, const std::string& path) {
  SharedBytes bytes = file.part(stored.at, stored.bytes);
  Tensor tensor{stored.name, stored.type->plain.value_or(ElementType::f32), stored.shape, path,
                [bytes] { return bytes; }};
  if (stored.type->plain) return tensor;
  const Blocks blocks{bytes, stored.type};
  tensor.read = [blocks] { return blocks.all(); };
  tensor.stream = [blocks](Index piece, const ByteSink& sink) { blocks.stream(piece, sink); };
  tensor.encoding = stored.type->name;
  return tensor;
}

}  // namespace

TensorFile read_gguf(const std::string& path) {
  return parse_gguf(map_file(path), path);
}

TensorFile parse_gguf(const SharedBytes& file, const std::string& path) {
  const GgufHeader header = naming(path, {}, [&] { return GgufHeader(file); });
  TensorFile result{path, "GGUF", {}, {}, {}};
  for (const auto& [key, value] : header.values())
    if (!value.list) result.metadata[key] = header.written(value);
  for (const GgufTensor& tensor : header.tensors()) {
    if (tensor.type && tensor.type->readable())
      result.tensors.push_back(tensor_of(tensor, file, path));
    else
      result.unreadable[tensor.name] = fmt::format(
          "its format, {}, is not decoded here: requantize the tensor, say to Q8_0 "
          "(llama-quantize)",
          tensor.type ? std::string(tensor.type->name) : fmt::format("type {}", tensor.type_id));
  }
  return result;
}

}  // namespace yoneda::io
