#include "yoneda/study/arrows_file.hpp"

#include <cstdlib>

#include "yoneda/io/safetensors.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view arrows_format = "yoneda-arrows/1";
// Far more tokens than any model has: what is computed of arrows takes memory for each.
constexpr Index largest_vocabulary = 1 << 24;

struct TokenText {
  std::vector<std::uint8_t> bytes;
  std::vector<Index> offsets{0};
};

TokenText token_text(const Vocabulary& vocabulary) {
  TokenText text;
  for (const std::string& token : vocabulary.texts()) {
    text.bytes.insert(text.bytes.end(), token.begin(), token.end());
    text.offsets.push_back(static_cast<Index>(text.bytes.size()));
  }
  return text;
}

Vocabulary vocabulary_from(std::span<const std::byte> bytes, std::span<const Index> offsets,
                           const std::string& path) {
  std::vector<std::string> texts;
  for (std::size_t t = 0; t + 1 < offsets.size(); ++t) {
    const Index begin = offsets[t], end = offsets[t + 1];
    if (begin < 0 || end < begin || end > static_cast<Index>(bytes.size()))
      throw Error(ErrorKind::format, "'token_offsets' leave 'token_bytes'", path);
    const auto* data = reinterpret_cast<const char*>(bytes.data());
    texts.emplace_back(data + begin, data + end);
  }
  return Vocabulary(std::move(texts));
}

void require_shape(const io::Tensor& tensor, std::vector<Index> shape, const std::string& path) {
  if (tensor.shape != shape)
    throw Error(ErrorKind::format,
                "'" + tensor.name + "' is " + io::shape_text(tensor.shape) + ", expected " +
                    io::shape_text(shape),
                path);
}

}  // namespace

void write_arrows(const std::string& path, const LogitArrows& arrows, const Vocabulary& vocabulary,
                  const Record& record) {
  const TokenText text = token_text(vocabulary);
  const std::vector<Index> ends{arrows.n, arrows.k}, bins{arrows.n, histogram_bins + 2};
  std::vector<io::OutputTensor> tensors{io::output("positive_tokens", arrows.positive_tokens, ends),
                                        io::output("positive_logits", arrows.positive_logits, ends),
                                        io::output("negative_tokens", arrows.negative_tokens, ends),
                                        io::output("negative_logits", arrows.negative_logits, ends),
                                        io::output("logit_mean", arrows.mean),
                                        io::output("logit_std", arrows.std),
                                        io::output("logit_skewness", arrows.skewness),
                                        io::output("logit_kurtosis", arrows.kurtosis),
                                        io::output("logit_min", arrows.min),
                                        io::output("logit_max", arrows.max),
                                        io::output("decoder_norm", arrows.decoder_norm)};
  if (!arrows.histogram.empty()) {
    tensors.push_back(io::output("logit_histogram", arrows.histogram, bins));
    tensors.push_back(io::output("histogram_low", arrows.histogram_low));
    tensors.push_back(io::output("histogram_high", arrows.histogram_high));
  }
  if (!vocabulary.empty()) {
    tensors.push_back(io::output("token_bytes", text.bytes));
    tensors.push_back(io::output("token_offsets", text.offsets));
  }
  auto metadata = to_metadata(record, arrows_format);
  metadata["convention"] = name(arrows.convention);
  metadata["vocabulary_size"] = std::to_string(arrows.V);
  io::write_safetensors(path, tensors, metadata);
}

ArrowsFile read_arrows(const std::string& path) {
  const io::TensorFile file = io::read_safetensors(path);
  ArrowsFile read;
  read.record = record_from(file.metadata, arrows_format, path);
  LogitArrows& arrows = read.arrows;
  const auto convention = convention_from(read.record.convention);
  if (!convention)
    throw Error(ErrorKind::format, "unknown convention '" + read.record.convention + "'", path);
  arrows.convention = *convention;

  const io::Tensor& first = file.at("positive_tokens");
  if (first.shape.size() != 2)
    throw Error(ErrorKind::format, "'positive_tokens' is not [features, k]", path);
  arrows.n = first.shape[0];
  arrows.k = first.shape[1];
  const auto tensor = [&](const char* name, std::vector<Index> shape) -> const io::Tensor& {
    const io::Tensor& found = file.at(name);
    require_shape(found, std::move(shape), path);
    return found;
  };
  arrows.positive_tokens = io::to_ids(first);
  arrows.negative_tokens = io::to_ids(tensor("negative_tokens", {arrows.n, arrows.k}));
  arrows.positive_logits = io::to_floats(tensor("positive_logits", {arrows.n, arrows.k}));
  arrows.negative_logits = io::to_floats(tensor("negative_logits", {arrows.n, arrows.k}));
  arrows.mean = io::to_floats(tensor("logit_mean", {arrows.n}));
  arrows.std = io::to_floats(tensor("logit_std", {arrows.n}));
  arrows.skewness = io::to_floats(tensor("logit_skewness", {arrows.n}));
  arrows.kurtosis = io::to_floats(tensor("logit_kurtosis", {arrows.n}));
  arrows.min = io::to_floats(tensor("logit_min", {arrows.n}));
  arrows.max = io::to_floats(tensor("logit_max", {arrows.n}));
  arrows.decoder_norm = io::to_floats(tensor("decoder_norm", {arrows.n}));
  if (file.find("logit_histogram")) {
    arrows.histogram = io::to_ids(tensor("logit_histogram", {arrows.n, histogram_bins + 2}));
    arrows.histogram_low = io::to_floats(tensor("histogram_low", {arrows.n}));
    arrows.histogram_high = io::to_floats(tensor("histogram_high", {arrows.n}));
  }
  if (const io::Tensor* offsets = file.find("token_offsets")) {
    const io::Tensor& bytes = file.at("token_bytes");
    if (bytes.dtype != io::ElementType::u8)
      throw Error(ErrorKind::format,
                  "'token_bytes' are " + std::string(name(bytes.dtype)) + ", expected U8", path);
    read.vocabulary = vocabulary_from(bytes.bytes().span, io::to_indices(*offsets), path);
  }

  Id largest = -1;
  for (const auto* tokens : {&arrows.positive_tokens, &arrows.negative_tokens})
    for (const Id token : *tokens) {
      if (token < 0) throw Error(ErrorKind::format, "holds a negative token id", path);
      if (token >= largest_vocabulary)
        throw Error(ErrorKind::format,
                    "holds token " + std::to_string(token) + ", more than any vocabulary has",
                    path);
      largest = std::max(largest, token);
    }
  const auto recorded = file.metadata.find("vocabulary_size");
  const Index known = recorded == file.metadata.end() ? 0 : std::atoll(recorded->second.c_str());
  if (known < 0 || known > largest_vocabulary)
    throw Error(ErrorKind::format, "'vocabulary_size' is no size of a vocabulary", path);
  arrows.V = std::max<Index>({known, read.vocabulary.size(), largest + Index{1}});
  return read;
}

}  // namespace yoneda::study
