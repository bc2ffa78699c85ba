#include "ingest/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "ingest/gguf_shards.hpp"
#include "ingest/place.hpp"
#include "io/json.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/io/read_tensors.hpp"

namespace yoneda::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view index_suffix = ".index.json";

// The files that hold a folder's weights, the first found being the one.
constexpr std::array usual_files{"model.safetensors.index.json",
                                 "model.safetensors",
                                 "pytorch_model.bin.index.json",
                                 "pytorch_model.bin",
                                 "sae_weights.safetensors",
                                 "sae.safetensors",
                                 "params.safetensors",
                                 "params.npz",
                                 "ae.pt"};

constexpr std::array endings{".safetensors", ".npz", ".npy", ".pt", ".pth", ".bin", ".gguf"};

// Of the shards of a GGUF model, the first stands for all.
bool is_container(const std::string& name) {
  const auto shard = gguf_shard(name);
  if (shard && shard->number > 1) return false;
  return std::ranges::any_of(endings, [&name](const char* e) { return name.ends_with(e); });
}

// Names of the folders in a folder, sorted.
std::vector<std::string> folders_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->is_directory(error)) names.push_back(entry->path().filename().string());
  std::ranges::sort(names);
  return names;
}

std::string file_in(const Place& place) {
  for (const char* usual : usual_files)
    if (place.has(usual)) return place.at(usual);
  std::vector<std::string> containers;
  std::ranges::copy_if(place.files(), std::back_inserter(containers), is_container);
  if (containers.size() == 1) return place.at(containers.front());
  if (!containers.empty())
    throw Error(ErrorKind::file, "holds several files, name one: " + io::quote_all(containers),
                place.path());
  const auto folders = folders_in(place.path());
  throw Error(ErrorKind::file,
              "holds no weights (.safetensors, .npz, .pt, .gguf)" +
                  (folders.empty() ? std::string()
                                   : "; name one of its folders: " + io::quote_all(folders)),
              place.path());
}

// All ones in the exponent: infinity or NaN. Without a branch, so that it runs at the speed of
// memory.
template <class Bits>
bool finite(const std::byte* data, Index count, Bits exponent) {
  const auto* numbers = reinterpret_cast<const Bits*>(data);
  int found = 0;
  for (Index i = 0; i < count; ++i) found |= (numbers[i] & exponent) == exponent;
  return found == 0;
}

bool finite(const Matrix& row) {
  const std::byte* data = row.bytes().data();
  switch (row.dtype()) {
    case Dtype::f16:
      return finite<std::uint16_t>(data, row.cols(), 0x7c00);
    case Dtype::bf16:
      return finite<std::uint16_t>(data, row.cols(), 0x7f80);
    case Dtype::f32:
      break;
  }
  return finite<std::uint32_t>(data, row.cols(), 0x7f800000);
}

Error not_finite(const io::Tensor& tensor, Index row) {
  return Error(ErrorKind::value,
               fmt::format("tensor {} holds a NaN or an infinity (first at {})",
                           io::quote(tensor.name), row),
               tensor.file);
}

}  // namespace

Weights::Weights(const std::string& path) : file_(path) {
  if (const Place place(path); place.is_folder()) file_ = file_in(place);
  if (file_.ends_with(index_suffix)) {
    read_index();
    return;
  }
  file_ = first_gguf_shard(file_);
  const io::TensorFile& contents = open_.emplace(file_, io::read_tensors(file_)).first->second;
  metadata_ = contents.metadata;
  format_ = contents.format;
  object_ = contents.object;
  for (const io::Tensor& tensor : contents.tensors) shard_of_.emplace(tensor.name, file_);
  if (const auto shard = gguf_shard(file_); shard && format_ == "GGUF") read_shards(*shard);
}

// Lists the tensors of the others. One that is not there is missed when a tensor of it is.
void Weights::read_shards(const GgufShard& first) {
  std::error_code ignored;
  for (Index number = 2; number <= first.count; ++number) {
    const std::string path = first.sibling(number);
    if (!fs::is_regular_file(path, ignored)) continue;
    for (const io::Tensor& tensor : io::read_tensors(path).tensors)
      shard_of_.emplace(tensor.name, path);
  }
}

std::vector<std::string> Weights::files() const {
  std::vector<std::string> paths;
  if (sharded_) paths.push_back(file_);
  for (const auto& [path, contents] : open_) paths.push_back(path);
  return paths;
}

void Weights::read_index() {
  sharded_ = true;
  const auto index = io::read_json(file_);
  const auto& shards = io::object_at(index, "weight_map", file_);
  if (shards.empty()) throw Error(ErrorKind::format, "has no 'weight_map'", file_);
  const fs::path folder = fs::path(file_).parent_path();
  for (const auto& [name, shard] : shards.items()) {
    // A shard is a file beside its index, not one anywhere.
    const std::string shard_name = shard.is_string() ? shard.get<std::string>() : "";
    if (shard_name.empty() || fs::path(shard_name).filename() != shard_name)
      throw Error(ErrorKind::format,
                  fmt::format("tensor {} is not in a file beside the index", io::quote(name)),
                  file_);
    shard_of_.emplace(name, (folder / shard_name).string());
  }
}

bool Weights::has(std::string_view name) const {
  return shard_of_.contains(name);
}

const io::Tensor& Weights::at(const std::string& name) {
  const auto shard = shard_of_.find(name);
  if (shard == shard_of_.end()) missing(name);
  auto opened = open_.find(shard->second);
  if (opened == open_.end())
    opened = open_.emplace(shard->second, io::read_tensors(shard->second)).first;
  const io::Tensor& tensor = opened->second.at(name);
  require_unscaled(tensor);
  return tensor;
}

// 8-bit weights of a quantized model are numbers only along with the scales of their rows or
// blocks, whose names the quantizers agree on and whose layout they do not.
void Weights::require_unscaled(const io::Tensor& tensor) const {
  if (io::bytes_per_element(tensor.dtype) != 1 && !tensor.encoding.starts_with("F8")) return;
  for (const char* ending : {"_scale", "_scale_inv"})
    if (const std::string scale = tensor.name + ending; has(scale))
      throw Error(ErrorKind::value,
                  fmt::format("tensor {} is quantized, and its scales {} are not applied here: "
                              "convert the model to BF16",
                              io::describe(tensor), io::quote(scale)),
                  tensor.file);
}

std::string Weights::choose(const std::string& given,
                            std::span<const std::string_view> candidates) const {
  if (!given.empty() && !has(given)) missing(given);
  if (!given.empty()) return given;
  const auto found =
      std::ranges::find_if(candidates, [this](std::string_view name) { return has(name); });
  return found == candidates.end() ? std::string() : std::string(*found);
}

std::vector<std::string> Weights::others(const std::vector<std::string>& used) const {
  std::vector<std::string> names;
  for (const auto& [name, shard] : shard_of_)
    if (std::ranges::find(used, name) == used.end()) names.push_back(name);
  return names;
}

void Weights::missing(std::string_view name) const {
  if (const auto file = open_.find(file_); file != open_.end()) file->second.at(name);
  throw Error(ErrorKind::value, io::no_tensor(name, others({})), file_);
}

void require_finite(const Matrix& matrix, const io::Tensor& tensor) {
  constexpr Index bytes_at_once = Index{1} << 20;
  const Index row_bytes = std::max<Index>(matrix.cols() * bytes_per_value(matrix.dtype()), 1);
  const Index rows = std::max<Index>(bytes_at_once / row_bytes, 1);
  parallel_for((matrix.rows() + rows - 1) / rows, [&](Index block) {
    const Index last = std::min((block + 1) * rows, matrix.rows());
    for (Index row = block * rows; row < last; ++row)
      if (!finite(matrix.slice(row, 1))) throw not_finite(tensor, row);
  });
}

void require_finite(std::span<const float> values, const io::Tensor& tensor) {
  const auto bad =
      std::ranges::find_if_not(values, [](float value) { return std::isfinite(value); });
  if (bad != values.end()) throw not_finite(tensor, bad - values.begin());
}

void note_unused(const Weights& weights, Origin& origin) {
  const auto unused = weights.others(origin.tensors);
  if (!unused.empty()) origin.notes.push_back("tensors not used: " + io::quote_all(unused, 8));
}

}  // namespace yoneda::ingest
