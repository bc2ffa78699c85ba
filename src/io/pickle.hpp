// The description of a PyTorch checkpoint: the pickle `data.pkl` inside the zip archive, read as
// data. Nothing is imported and nothing is called.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/io/element_type.hpp"

namespace yoneda::io {

/// A tensor as a checkpoint describes it: a view of a storage. Nothing is read.
struct PickledTensor {
  std::string name;  ///< the path of keys: "encoder.weight", "optimizer.state.0.exp_avg"
  ElementType dtype;
  std::string storage;         ///< the key of the storage: member "data/<storage>" of the archive
  Index storage_count;         ///< elements of dtype the storage is said to have
  Index offset;                ///< elements
  std::vector<Index> shape;    ///< its product may exceed storage_count: a stride of 0 repeats
  std::vector<Index> strides;  ///< elements, one per axis
};

/// Everything a checkpoint says, by paths of keys joined by dots. List items go by their index;
/// the parameters, buffers and modules of a pickled nn.Module by their names in state_dict().
struct PickledState {
  std::vector<PickledTensor> tensors;  ///< in the order of the pickle
  /// Leaves that are no tensors: numbers as the shortest text that reads back, texts, "true",
  /// "false", "none", the dotted names of classes and dtypes.
  std::map<std::string, std::string> values;
  std::string root_class;                      ///< where the whole pickle is one object
  std::map<std::string, std::string> classes;  ///< path -> class of the objects inside
};

/// `bytes` is the archive's data.pkl, `path` for messages. A lone tensor is called "tensor", any
/// other lone leaf "value". Throws Error{format} for damage, for anything that would run code and
/// for what this library has no reading of. Cost: linear in the bytes; memory is bounded.
PickledState parse_pickle(std::span<const std::byte> bytes, const std::string& path);

/// Whether a file starts as torch.save wrote before version 1.6 (and still does with
/// _use_new_zipfile_serialization=False): several pickles in a row, a magic number first.
bool is_legacy_torch(std::span<const std::byte> bytes);

}  // namespace yoneda::io
