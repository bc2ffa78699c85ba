#include "yoneda/study/representations.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "io/text.hpp"
#include "yoneda/onednn/gemm.hpp"
#include "yoneda/sae/metrics.hpp"

namespace yoneda::study {
namespace {

const Matrix& inputs_of(const Sources& sources, const RepresentationOptions& options) {
  if (options.activations.empty()) return sources.model.W_U;
  if (options.activations.rows() != sources.model.V())
    throw Error(ErrorKind::shape,
                fmt::format("the activations have {} rows, one is needed for each of the {} tokens",
                            options.activations.rows(), sources.model.V()),
                options.activations_name);
  return options.activations;
}

std::string what(const RepresentationOptions& options) {
  return options.activations.empty() ? "the rows of W_U" : "the activations";
}

}  // namespace

TokenCodes token_codes(const Sources& sources, const RepresentationOptions& options,
                       const Progress& progress) {
  TokenCodes made;
  made.inputs = inputs_of(sources, options);
  if (made.inputs.rows() == 0) throw Error(ErrorKind::value, "there are no tokens to encode");
  if (made.inputs.cols() != sources.sae.d_in())
    throw Error(ErrorKind::shape,
                fmt::format("the SAE reads a space of dimension {}, {} have {}: name what it reads "
                            "for each token with --activations",
                            sources.sae.d_in(), what(options), made.inputs.cols()),
                options.activations_name);
  made.codes = encode(sources.sae, made.inputs, onednn_gemm(), progress);
  const double variance = squared_distance(made.inputs, mean_row(made.inputs));
  if (!(variance > 0))
    throw Error(ErrorKind::value, what(options) + " are all equal: nothing to explain");
  made.fve = 1 - squared_distance(made.inputs, reconstruct(sources.sae, made.codes, made.inputs)) /
                     variance;
  return made;
}

void require_explained(const TokenCodes& codes, const RepresentationOptions& options) {
  if (codes.fve >= options.least_fve) return;
  throw Error(
      ErrorKind::value,
      fmt::format("the SAE explains {:.4g} of the variance of {}, less than {:g}: they are not "
                  "what it reads, and its codes would mean nothing{}",
                  codes.fve, what(options), options.least_fve,
                  options.activations.empty()
                      ? "; name what it reads for each token with --activations"
                      : ""),
      options.activations_name);
}

bool needs_codes(std::string_view name) {
  if (std::ranges::find(representation_names, name) == representation_names.end())
    throw Error(ErrorKind::value,
                fmt::format("there is no representation {}; there are {}", io::quote(name),
                            fmt::join(representation_names, ", ")));
  return name != "words" && name != "profiles";
}

Representation representation(const Sources& sources, const ArrowsFile* arrows,
                              std::string_view name, const RepresentationOptions& options,
                              const TokenCodes* codes) {
  if (needs_codes(name)) {
    if (!codes) throw Error(ErrorKind::value, fmt::format("{} need the codes", name));
    require_explained(*codes, options);
    if (name == "codes") return code_representation(codes->codes);
    if (name == "reconstructions")
      return reconstruction_representation(sources.sae, codes->codes, codes->inputs);
    return top_row_representation(sources.sae, codes->codes);
  }
  if (name == "words") return word_representation(inputs_of(sources, options));
  if (!arrows)
    throw Error(ErrorKind::value,
                "profiles are made from logit arrows: name a study that has them");
  if (arrows->arrows.V != sources.model.V())
    throw Error(ErrorKind::shape, fmt::format("the arrows are of {} tokens, the model has {}",
                                              arrows->arrows.V, sources.model.V()));
  return profile_representation(arrows->arrows);
}

Representation representation(const Sources& sources, const ArrowsFile* arrows,
                              std::string_view name, const RepresentationOptions& options,
                              const Progress& progress) {
  if (!needs_codes(name)) return representation(sources, arrows, name, options, nullptr);
  const TokenCodes codes = token_codes(sources, options, progress);
  return representation(sources, arrows, name, options, &codes);
}

}  // namespace yoneda::study
