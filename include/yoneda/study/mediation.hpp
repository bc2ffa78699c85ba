// Mediated composition of three SAEs on disk, and composition.json.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "yoneda/category/mediated.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

/// What a user names: three SAEs, and a model only where a matrix or a norm lies between one of
/// them and the residual stream.
struct TrioOptions {
  std::string a, b, c, model;
};

struct Trio {
  Mediation mediation;
  std::vector<std::string> notes;          ///< each once
  std::map<std::string, Source> recorded;  ///< "a", "b", "c", and "model" where it was opened
};

/// Reads the three and checks, pair by pair as open_pair does, that b reads what a writes and c
/// what both write: one residual stream, in this order. Throws as open_pair does.
Trio open_trio(const TrioOptions& options);

/// mediated_composition with oneDNN's product. Throws as that does.
MediatedComposition make_composition(const Trio& trio, const MediationOptions& options,
                                     const Progress& progress = {});

/// Writes atomically. Throws Error{file}.
void write_composition(const std::string& path, const MediatedComposition& found,
                       const Record& record, const std::vector<std::string>& notes);

}  // namespace yoneda::study
