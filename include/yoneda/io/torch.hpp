// PyTorch's checkpoints: a zip archive of a pickle and of the storages it speaks of.
#pragma once

#include <string>

#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Reads what torch.save has written since PyTorch 1.6: state dicts, checkpoints that hold one
/// among other things, and whole pickled modules, whose tensors get the names their state dict
/// would give them. Nothing is executed: see src/io/pickle.hpp for what is understood. Tensors stay
/// mapped, strided and shared storages included; texts and numbers are in `metadata` by their path.
/// Throws Error{file}, or Error{format} for damage, for pickles that would run code, TorchScript,
/// and files from a big-endian machine. Cost: the pickle.
TensorFile read_torch(const std::string& path);

/// The same for bytes in memory; `path` is for messages.
TensorFile parse_torch(const SharedBytes& file, const std::string& path);

}  // namespace yoneda::io
