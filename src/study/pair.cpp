#include "yoneda/study/pair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "named_sources.hpp"
#include "yoneda/core/safe_text.hpp"
#include "yoneda/ingest/reading.hpp"
#include "yoneda/sae/residual.hpp"

namespace yoneda::study {
namespace {

using ingest::ReadingSite;
using ingest::ResidualSite;

const std::string& written(const Origin& origin) {
  return origin.hook_point_out.empty() ? origin.hook_point : origin.hook_point_out;
}

/// Whether a matrix of the model lies between an SAE's decoder and the residual stream.
bool behind_matrix(const Origin& origin) {
  const ResidualSite site = ingest::residual_route(written(origin)).site;
  return site == ResidualSite::heads || site == ResidualSite::neurons;
}

/// What `say` returns; nothing where it throws.
template <class Say>
std::optional<Index> quietly(const Say& say) {
  try {
    return say();
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// d_model from whatever says it, the model or either SAE: it may tell the axes of the other apart.
std::optional<Index> d_model_of(const PairOptions& options) {
  const SourceOptions& named = options.upstream;
  const auto of_model = [&] {
    return ingest::outline_unembedding(named.model, named.model_names).d;
  };
  const auto of_upstream = [&]() -> std::optional<Index> {
    const auto outline = ingest::outline_sae(named.sae, named.sae_names);
    return behind_matrix(outline.sae.origin) ? std::nullopt : std::optional(outline.d);
  };
  const auto of_downstream = [&]() -> std::optional<Index> {
    const Index d_in = ingest::outline_sae(options.downstream, options.downstream_names).d_in;
    return d_in > 0 ? std::optional(d_in) : std::nullopt;
  };
  if (!named.model.empty())
    if (const auto d = quietly(of_model)) return d;
  if (const auto d = quietly(of_upstream)) return d;
  return quietly(of_downstream);
}

Sae load_one(const std::string& path, const ingest::SaeNames& names, std::optional<Index> d_model) {
  return d_model ? load_features(path, names, *d_model) : ingest::load_sae(path, names);
}

/// Of an SAE with a decoder for each of many layers the one to its own, unless another is named.
Sae load_own_layer(const std::string& path, ingest::SaeNames names, std::optional<Index> d_model) {
  if (names.target_layer || !names.layer) return load_one(path, names, d_model);
  const std::optional<Index> none = std::exchange(names.target_layer, names.layer);
  try {
    return load_one(path, names, d_model);
  } catch (const Error&) {  // the layer that is named is no layer that it writes to
    names.target_layer = none;
    return load_one(path, names, d_model);
  }
}

/// Advice to name --layer means --to-layer where the second SAE is meant.
std::string for_downstream(std::string text) {
  for (const char* flag : {"--layer", "--target-layer", "--feature-axis", "--decoder", "--encoder"})
    for (auto at = text.find(flag); at != text.npos; at = text.find(flag, at + 5))
      text.insert(at + 2, "to-");
  return text;
}

Sae load_downstream(const PairOptions& options, std::optional<Index> d_model) {
  try {
    // Whichever layer a cross-layer transcoder writes to, it reads by one encoder.
    return load_own_layer(options.downstream, options.downstream_names, d_model);
  } catch (const Error& error) {
    const std::string line = error.what();
    const std::size_t message = error.where.empty() ? 0 : error.where.size() + 2;
    throw Error(error.kind, for_downstream(line.substr(message)), error.where);
  }
}

std::string hook_place(const std::string& hook_point) {
  return hook_point.empty() ? std::string("a place its files do not name")
                            : fmt::format("'{}'", safe_text(hook_point, 100));
}

/// The upstream SAE with directions in the residual stream of width d_model.
Sae in_stream(const Sae& sae, const SourceOptions& options, Index d_model, Origin& model) {
  const ResidualSite site = ingest::residual_route(written(sae.origin)).site;
  const auto read = ingest::reading_route(sae).site;
  if (!sae.transcoder && (read == ReadingSite::normed || read == ReadingSite::gained))
    throw Error(ErrorKind::value,
                fmt::format("the upstream SAE is on {}, which is what a norm makes of the residual "
                            "stream: its directions are none of the stream's",
                            hook_place(sae.origin.hook_point)),
                sae.origin.path);
  const auto& names = options.residual_names;
  const bool behind = behind_matrix(sae.origin);
  const bool perhaps_normed = site == ResidualSite::attention || site == ResidualSite::mlp;
  const bool named = !names.output_projection.empty() || !names.post_norm_gain.empty();
  const bool other_stream = !behind && names.output_projection.empty() && sae.d() != d_model;
  if (other_stream || (!behind && !perhaps_normed && !named)) return sae;
  if (options.model.empty()) {
    if (behind || named)
      throw Error(ErrorKind::value,
                  fmt::format("the upstream SAE is on {}, from where a matrix of the model leads "
                              "to the residual stream: name the model (--model)",
                              hook_place(written(sae.origin))),
                  sae.origin.path);
    Sae made = sae;
    made.origin.notes.push_back(
        fmt::format("assumed that no norm lies between {} and the residual stream (Gemma 2 and 3 "
                    "and OLMo 2 have one: --model finds it)",
                    hook_place(written(sae.origin))));
    return made;
  }
  const auto map = ingest::load_residual_map(options.model, sae.origin, sae.d(), d_model, names);
  model.files.insert(model.files.end(), map.files.begin(), map.files.end());
  Sae made = into_residual(sae, map.W_O, map.gain);
  made.origin.notes.insert(made.origin.notes.end(), map.notes.begin(), map.notes.end());
  return made;
}

bool is_cross_layer(const Sae& sae) {
  return sae.origin.architecture == "cross-layer transcoder" || sae.origin.architecture == "clt";
}

Matrix sum_of(const Matrix& a, const Matrix& b) {
  std::vector<float> sum = to_vector(a);
  const std::vector<float> other = to_vector(b);
  std::ranges::transform(sum, other, sum.begin(), std::plus{});
  return Matrix::from(std::move(sum), a.rows(), a.cols());
}

/// What lies before the reading place of all that a cross-layer transcoder writes: its decoders to
/// its own layer and to those behind it, until `moment`.
Sae load_upstream(const SourceOptions& options, std::optional<Index> d_model, Index width,
                  std::optional<ingest::Moment> moment, Origin& model) {
  ingest::SaeNames names = options.sae_names;
  Sae sae = in_stream(load_own_layer(options.sae, names, d_model), options, width, model);
  if (names.target_layer || !names.layer || !is_cross_layer(sae) || !moment) return sae;
  const Index last = *moment / 2 - 1;  // what block l's MLP returns is in the stream from 2l + 2 on
  for (Index target = *names.layer + 1; target <= last; ++target) {
    names.target_layer = target;
    const Sae more = in_stream(load_one(options.sae, names, d_model), options, width, model);
    sae.W_dec = sum_of(sae.W_dec, more.W_dec);
  }
  if (last > *names.layer)
    sae.origin.notes.push_back(fmt::format(
        "and its decoders to the layers up to {}, added, for they too come before what is read",
        last));
  return sae;
}

void require_readable(const Sae& downstream, const PairOptions& options) {
  const Origin& origin = downstream.origin;
  if (downstream.W_enc.empty())
    throw Error(ErrorKind::value,
                "the downstream SAE has no encoder, and virtual weights are what an encoder reads",
                origin.path);
  const auto site = ingest::reading_route(downstream).site;
  if (site == ReadingSite::inside)
    throw Error(ErrorKind::value,
                fmt::format("the downstream SAE reads {}, which is not the residual stream: "
                            "upstream features reach it only through the block's own weights, so "
                            "they have no virtual weights to it",
                            hook_place(origin.hook_point)),
                origin.path);
  if (site == ReadingSite::gained && options.upstream.model.empty())
    throw Error(ErrorKind::value,
                fmt::format("the downstream SAE reads {}, behind a norm whose gain weighs what it "
                            "reads: name the model (--model)",
                            hook_place(origin.hook_point)),
                origin.path);
}

void require_in_order(const Sae& upstream, const Sae& downstream) {
  const auto writes = ingest::writing_moment(upstream);
  const auto reads = ingest::reading_route(downstream).moment;
  if (!writes || !reads || *writes <= *reads) return;
  throw Error(
      ErrorKind::value,
      fmt::format("the upstream SAE writes to {}, behind {}, which the downstream one "
                  "reads, and nothing flows back: name the earlier one first, the "
                  "later one second",
                  hook_place(written(upstream.origin)), hook_place(downstream.origin.hook_point)),
      upstream.origin.path);
}

void add_input_norm(const PairOptions& options, const Sae& downstream, SaePair& pair,
                    Origin& model) {
  const auto site = ingest::reading_route(downstream).site;
  const bool behind = site == ReadingSite::normed || site == ReadingSite::gained;
  bool divided = behind;
  if (!options.upstream.model.empty()) {
    const auto norm =
        ingest::load_input_norm(options.upstream.model, downstream, options.input_norm);
    pair.reader.norm = norm.norm;
    pair.reader.gain = norm.gain;
    divided = behind && norm.norm != Norm::unknown;
    pair.notes.insert(pair.notes.end(), norm.notes.begin(), norm.notes.end());
    model.files.insert(model.files.end(), norm.files.begin(), norm.files.end());
  } else if (!options.input_norm.gain.empty()) {
    throw Error(ErrorKind::value,
                "--input-norm-gain names a tensor of the model: name the model too (--model)");
  } else if (behind && options.input_norm.norm) {
    pair.reader.norm = *options.input_norm.norm;
  } else if (behind) {
    pair.notes.push_back(fmt::format(
        "assumed that the norm before {} is an RMSNorm, which subtracts no mean (--model or "
        "--norm says)",
        hook_place(downstream.origin.hook_point)));
  }
  if (divided)
    pair.notes.push_back(
        "the norm's denominator, one positive number an input, is left out of all weights");
}

/// Whether an SAE multiplies by a number that no weight knows: it depends on the input, or is not
/// in the file.
bool scales_unknown(const Sae& sae) {
  if (sae.input_norm == InputNorm::scale) return !(sae.input_scale > 0 && sae.output_scale > 0);
  return sae.input_norm != InputNorm::none;
}

/// Whether both SAEs encode the stream at one place.
bool same_place(const Sae& a, const Sae& b) {
  const auto first = ingest::reading_route(a), second = ingest::reading_route(b);
  return !a.transcoder && first.site == ReadingSite::stream && second.site == first.site &&
         first.moment && first.moment == second.moment;
}

/// What had to be assumed, and what the pair means.
void add_notes(const Sae& upstream, const Sae& downstream, SaePair& pair) {
  const auto add = [&pair](const std::string& note) { pair.notes.push_back(note); };
  const auto reads = ingest::reading_route(downstream);
  if (reads.site == ReadingSite::unknown)
    add(fmt::format("assumed that the downstream SAE reads the residual stream, for it is on {}",
                    hook_place(downstream.origin.hook_point)));
  const auto writes = ingest::writing_moment(upstream);
  if (!writes || !reads.moment)
    add(fmt::format(
        "assumed that what the upstream SAE writes, at {}, is in the residual stream "
        "before the downstream one reads, at {}",
        hook_place(written(upstream.origin)), hook_place(downstream.origin.hook_point)));
  else if (*writes % 2 == 1 && writes == reads.moment)
    add("assumed that the block's MLP reads what its attention writes; where they lie side by side "
        "(GPT-NeoX and Pythia, GPT-J, Phi, Falcon, Cohere) it does not");
  if (written(upstream.origin).find("post_attention_layernorm") != std::string::npos)
    add("took 'post_attention_layernorm' for the norm of what attention returns (Gemma 2 and 3, "
        "OLMo 2); in Llama it is the norm before the MLP, and no place of the stream");
  if (same_place(upstream, downstream))
    add("both SAEs are at one place: a weight says how the second reads a direction of the first");
  if (!upstream.origin.model.empty() && !downstream.origin.model.empty() &&
      upstream.origin.model != downstream.origin.model)
    add(fmt::format(
        "the SAEs are of different models, '{}' and '{}': weights between them mean "
        "something only where these share their residual stream",
        safe_text(upstream.origin.model, 100), safe_text(downstream.origin.model, 100)));
  for (const auto& [sae, which] : {std::pair(&upstream, "upstream"), {&downstream, "downstream"}})
    if (scales_unknown(*sae))
      add(
          fmt::format("the {} SAE normalises its input ({}): weights are right up to that positive "
                      "factor",
                      which, name(sae->input_norm)));
}

}  // namespace

SaePair open_pair(const PairOptions& options) {
  const std::optional<Index> d_model = d_model_of(options);
  const Sae downstream = load_downstream(options, d_model);
  require_readable(downstream, options);
  SaePair pair;
  pair.reader = stream_reader(downstream);
  pair.reader_W_dec = downstream.W_dec;
  Origin model;
  const auto moment = ingest::reading_route(downstream).moment;
  pair.upstream = load_upstream(options.upstream, d_model, pair.reader.d(), moment, model);
  require_in_order(pair.upstream, downstream);
  require_same_stream(pair.upstream.W_dec, pair.reader);
  pair.reader.scale *= write_scale(pair.upstream);
  pair.notes = pair.upstream.origin.notes;
  pair.notes.insert(pair.notes.end(), downstream.origin.notes.begin(),
                    downstream.origin.notes.end());
  add_input_norm(options, downstream, pair, model);
  add_notes(pair.upstream, downstream, pair);

  const SourceOptions& named = options.upstream;
  pair.recorded["sae"] = source_of(named.sae, pair.upstream.origin, names_of(named.sae_names));
  auto read_as = names_of(options.downstream_names);
  if (options.input_norm.norm)
    read_as["input-norm"] = *options.input_norm.norm == Norm::layer ? "layer" : "rms";
  pair.recorded["sae_to"] = source_of(options.downstream, downstream.origin, read_as);
  if (!model.files.empty()) {
    auto names = names_of(named.model_names, named.residual_names);
    names["input-norm-gain"] = options.input_norm.gain;
    pair.recorded["model"] = source_of(named.model, model, names);
  }
  return pair;
}

PairOptions pair_options_of(const Record& record) {
  PairOptions options;
  options.upstream = options_of(record);
  const auto downstream = record.sources.find("sae_to");
  if (downstream == record.sources.end()) return options;
  Record swapped;
  swapped.sources["sae"] = downstream->second;
  const SourceOptions named = options_of(swapped);
  options.downstream = named.sae;
  options.downstream_names = named.sae_names;
  const auto& names = downstream->second.names;
  if (const auto norm = names.find("input-norm"); norm != names.end())
    options.input_norm.norm = norm->second == "layer" ? Norm::layer : Norm::rms;
  if (const auto model = record.sources.find("model"); model != record.sources.end())
    if (const auto gain = model->second.names.find("input-norm-gain");
        gain != model->second.names.end())
      options.input_norm.gain = gain->second;
  return options;
}

SaePair reopen_pair(const Record& record) {
  for (const char* role : {"sae", "sae_to"}) require_unchanged(record, role);
  if (record.sources.contains("model")) require_unchanged(record, "model");
  return open_pair(pair_options_of(record));
}

}  // namespace yoneda::study
