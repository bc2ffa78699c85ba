#include "yoneda/study/sources.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "named_sources.hpp"
#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/ingest/vocabulary.hpp"
#include "yoneda/io/hash.hpp"
#include "yoneda/sae/residual.hpp"

namespace yoneda::study {
namespace {

std::string absolute(const std::string& path) {
  std::error_code ignored;
  const auto full = std::filesystem::weakly_canonical(path, ignored);
  return full.empty() ? path : full.string();
}

std::string hash_of(const std::string& path, const std::vector<std::string>& files) {
  return files.empty() ? io::hash_path(path) : io::hash_files(files);
}

std::string text_of(ingest::FeatureAxis axis) {
  if (axis == ingest::FeatureAxis::automatic) return "";
  return axis == ingest::FeatureAxis::rows ? "rows" : "columns";
}

std::string text_of(const std::optional<Index>& number) {
  return number ? std::to_string(*number) : std::string();
}

std::string named(const Source& source, const std::string& option) {
  const auto found = source.names.find(option);
  return found == source.names.end() ? std::string() : found->second;
}

std::optional<Index> number_of(const std::string& text) {
  Index number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

/// Whether the SAE's own dimension says nothing about d_model, for a matrix lies between.
bool leaves_by_matrix(const Sae& sae, const ingest::ResidualNames& names) {
  const auto site = ingest::residual_route(sae.origin.hook_point).site;
  return site == ingest::ResidualSite::heads || site == ingest::ResidualSite::neurons ||
         !names.output_projection.empty();
}

Unembedding load_model(const SourceOptions& options, const Vocabulary& vocabulary) {
  return settling_axes(options, vocabulary, [&](const ingest::KnownSizes& known) {
    return ingest::load_unembedding(options.model, options.model_names, known);
  });
}

/// A tokenizer may know a few tokens more than the model has rows (Gemma 3's does): they never
/// occur. Many more are another model's. Fewer are padding of the unembedding.
void fit_vocabulary(Vocabulary& vocabulary, Index V, const std::string& path) {
  const Index surplus = vocabulary.size() - V;
  if (surplus <= 0) return;
  constexpr Index few = 128;
  if (surplus > few || surplus > V / 1000)
    throw Error(ErrorKind::shape,
                "has " + std::to_string(vocabulary.size()) + " tokens, the unembedding only " +
                    std::to_string(V) + " rows: it is another model's vocabulary",
                path);
  Origin origin = vocabulary.origin;
  origin.notes.push_back("the last " + std::to_string(surplus) +
                         " tokens have no row in the unembedding and are left out");
  const auto& texts = vocabulary.texts();
  vocabulary = Vocabulary({texts.begin(), texts.begin() + V}, std::move(origin));
}

}  // namespace

Sae load_sae_in_stream(const SourceOptions& options, Unembedding& model) {
  const Sae sae = load_features(options.sae, options.sae_names, model.d());
  const ingest::ResidualMap map = ingest::load_residual_map(options.model, sae.origin, sae.d(),
                                                            model.d(), options.residual_names);
  model.origin.files.insert(model.origin.files.end(), map.files.begin(), map.files.end());
  Sae made = into_residual(sae, map.W_O, map.gain);
  made.origin.notes.insert(made.origin.notes.end(), map.notes.begin(), map.notes.end());
  return made;
}

ingest::KnownSizes known_sizes(const SourceOptions& options, const Vocabulary& vocabulary) {
  ingest::KnownSizes known;
  if (!vocabulary.empty()) known.vocabulary = vocabulary.size();
  try {
    const ingest::SaeOutline outline = ingest::outline_sae(options.sae, options.sae_names);
    if (!leaves_by_matrix(outline.sae, options.residual_names)) known.d_model = outline.d;
  } catch (const Error&) {
    // The SAE cannot say either: the vocabulary may be enough.
  }
  return known;
}

Source source_of(const std::string& path, const Origin& origin,
                 const std::map<std::string, std::string>& names) {
  Source made{absolute(path), {}, {}, origin.dialect, {}};
  for (const std::string& file : origin.files) made.files.push_back(absolute(file));
  std::ranges::sort(made.files);
  made.files.erase(std::ranges::unique(made.files).begin(), made.files.end());
  made.hash = hash_of(path, made.files);
  for (const auto& [option, name] : names)
    if (!name.empty()) made.names[option] = name;
  return made;
}

std::map<std::string, std::string> names_of(const ingest::SaeNames& names) {
  return {{"decoder", names.decoder},           {"encoder", names.encoder},
          {"encoder-bias", names.encoder_bias}, {"decoder-bias", names.decoder_bias},
          {"threshold", names.threshold},       {"feature-axis", text_of(names.features)},
          {"layer", text_of(names.layer)},      {"target-layer", text_of(names.target_layer)}};
}

std::map<std::string, std::string> names_of(const ingest::UnembeddingNames& names,
                                            const ingest::ResidualNames& residual) {
  std::string norm;
  if (names.norm) norm = *names.norm == Norm::layer ? "layer" : "rms";
  return {{"unembedding", names.unembedding},
          {"norm-gain", names.norm_gain},
          {"norm", norm},
          {"output-projection", residual.output_projection},
          {"post-norm-gain", residual.post_norm_gain}};
}

void require_unchanged(const Record& record, const std::string& role) {
  const auto found = record.sources.find(role);
  if (found == record.sources.end())
    throw Error(ErrorKind::value, "it is not recorded from which " + role + " this was made");
  const Source& source = found->second;
  if (hash_of(source.path, source.files) == source.hash) return;
  throw Error(ErrorKind::value,
              "the " + role + " has changed since the study was made (hash " + source.hash +
                  "); run the study again, or name the file to use instead",
              source.path);
}

Sae load_features(const std::string& path, const ingest::SaeNames& names, Index d_model) {
  try {
    return ingest::load_sae(path, names, d_model);
  } catch (const Error& mismatch) {
    if (mismatch.kind != ErrorKind::shape) throw;
    try {
      return ingest::load_sae(path, names);
    } catch (const Error&) {
      // Neither way: the first reason is the better one.
    }
    throw;
  }
}

Sources open_sources(const SourceOptions& options) {
  Sources sources;
  std::string vocabulary = options.vocabulary;
  if (vocabulary.empty()) vocabulary = ingest::find_vocabulary(options.model).value_or("");
  if (!vocabulary.empty()) {
    sources.vocabulary = ingest::load_vocabulary(vocabulary);
    sources.recorded["vocabulary"] = source_of(vocabulary, sources.vocabulary.origin, {});
    if (const auto added = ingest::added_tokens_beside(vocabulary))
      sources.recorded["added_tokens.json"] = source_of(*added, {}, {});
  }
  sources.model = load_model(options, sources.vocabulary);
  sources.sae = load_sae_in_stream(options, sources.model);
  require_same_stream(sources.sae.W_dec, sources.model);
  fit_vocabulary(sources.vocabulary, sources.model.V(), vocabulary);
  sources.recorded["sae"] = source_of(options.sae, sources.sae.origin, names_of(options.sae_names));
  sources.recorded["model"] = source_of(options.model, sources.model.origin,
                                        names_of(options.model_names, options.residual_names));
  return sources;
}

SourceOptions options_of(const Record& record) {
  SourceOptions options;
  if (const auto sae = record.sources.find("sae"); sae != record.sources.end()) {
    options.sae = sae->second.path;
    options.sae_names = {named(sae->second, "decoder"),      named(sae->second, "encoder"),
                         named(sae->second, "encoder-bias"), named(sae->second, "decoder-bias"),
                         named(sae->second, "threshold"),    ingest::FeatureAxis::automatic};
    const std::string axis = named(sae->second, "feature-axis");
    if (axis == "rows") options.sae_names.features = ingest::FeatureAxis::rows;
    if (axis == "columns") options.sae_names.features = ingest::FeatureAxis::columns;
    options.sae_names.layer = number_of(named(sae->second, "layer"));
    options.sae_names.target_layer = number_of(named(sae->second, "target-layer"));
  }
  if (const auto model = record.sources.find("model"); model != record.sources.end()) {
    options.model = model->second.path;
    options.model_names.unembedding = named(model->second, "unembedding");
    options.model_names.norm_gain = named(model->second, "norm-gain");
    options.residual_names = {named(model->second, "output-projection"),
                              named(model->second, "post-norm-gain")};
    const std::string norm = named(model->second, "norm");
    if (!norm.empty()) options.model_names.norm = norm == "layer" ? Norm::layer : Norm::rms;
  }
  if (const auto words = record.sources.find("vocabulary"); words != record.sources.end())
    options.vocabulary = words->second.path;
  return options;
}

Sources reopen_sources(const Record& record) {
  for (const auto& [role, source] : record.sources) require_unchanged(record, role);
  return open_sources(options_of(record));
}

}  // namespace yoneda::study
