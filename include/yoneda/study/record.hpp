// How an output was made: carried in the metadata of every file we write.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/model/convention.hpp"

namespace yoneda::study {

/// An input and its fingerprint.
struct Source {
  std::string path;                          ///< absolute
  std::string hash;                          ///< xxh3-128 of the files that were read
  std::vector<std::string> files;            ///< those files, absolute; empty: all there are
  std::string dialect;                       ///< what it was read as
  std::map<std::string, std::string> names;  ///< tensor names and options the user gave
};

/// Enough to make an output again.
struct Record {
  std::string command;                         ///< as typed
  std::map<std::string, Source> sources;       ///< "sae", "model", "vocabulary", ...
  std::string convention;                      ///< of the logits; empty where there are none
  std::map<std::string, std::string> options;  ///< k, neighbors, kind, seed, ...

  /// An option; `fallback` where it was not recorded.
  std::string option(std::string_view name, std::string_view fallback = {}) const;
};

/// The record as flat text, as safetensors metadata wants it, with `format` ("yoneda-arrows/1"),
/// the library's version, the instruction set in use, and whether the decoder was normalised (it is
/// not).
std::map<std::string, std::string> to_metadata(const Record& record, std::string_view format);

/// The inverse. Throws Error{format} naming `path` where the file is not of `format`, or of a newer
/// major version than this library reads. Unknown keys are ignored.
Record record_from(const std::map<std::string, std::string>& metadata, std::string_view format,
                   const std::string& path);

/// Throws Error{format} unless `found` is `expected` ("yoneda-graph/1") or an older major of it.
void require_format(std::string_view found, std::string_view expected, const std::string& path);

/// The vector instructions that decide the bits of a product: "avx512-bf16", "avx2", ...
std::string instruction_set();

/// The library's version, "0.1.0".
std::string version();

}  // namespace yoneda::study
