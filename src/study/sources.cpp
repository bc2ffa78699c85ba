#include "yoneda/study/sources.hpp"

#include <filesystem>

#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/ingest/vocabulary.hpp"
#include "yoneda/io/hash.hpp"

namespace yoneda::study {
namespace {

std::string absolute(const std::string& path) {
  std::error_code ignored;
  const auto full = std::filesystem::weakly_canonical(path, ignored);
  return full.empty() ? path : full.string();
}

Source source(const std::string& path, const Origin& origin,
              const std::map<std::string, std::string>& names) {
  Source made{absolute(path), io::hash_path(path), origin.dialect, {}};
  for (const auto& [option, name] : names)
    if (!name.empty()) made.names[option] = name;
  return made;
}

std::string text_of(ingest::FeatureAxis axis) {
  if (axis == ingest::FeatureAxis::automatic) return "";
  return axis == ingest::FeatureAxis::rows ? "rows" : "columns";
}

std::map<std::string, std::string> names_of(const ingest::SaeNames& names) {
  return {{"decoder", names.decoder},           {"encoder", names.encoder},
          {"encoder-bias", names.encoder_bias}, {"decoder-bias", names.decoder_bias},
          {"threshold", names.threshold},       {"feature-axis", text_of(names.features)}};
}

std::map<std::string, std::string> names_of(const ingest::UnembeddingNames& names) {
  std::string norm;
  if (names.norm) norm = *names.norm == Norm::layer ? "layer" : "rms";
  return {{"unembedding", names.unembedding}, {"norm-gain", names.norm_gain}, {"norm", norm}};
}

std::string named(const Source& source, const std::string& option) {
  const auto found = source.names.find(option);
  return found == source.names.end() ? std::string() : found->second;
}

void require_unchanged(const std::string& role, const Source& source) {
  if (io::hash_path(source.path) == source.hash) return;
  throw Error(ErrorKind::value,
              "the " + role + " has changed since the study was made (hash " + source.hash +
                  "); run the study again, or name the file to use instead",
              source.path);
}

/// The unembedding. Where its own file leaves open which axis is the vocabulary, the number of
/// words and the dimension of the SAE may settle it.
Unembedding load_model(const SourceOptions& options, const Vocabulary& vocabulary) {
  try {
    return ingest::load_unembedding(options.model, options.model_names);
  } catch (const Error& ambiguous) {
    if (ambiguous.kind != ErrorKind::shape) throw;
    ingest::KnownSizes known;
    if (!vocabulary.empty()) known.vocabulary = vocabulary.size();
    try {
      known.d_model = ingest::load_sae(options.sae, options.sae_names).d();
    } catch (const Error&) {
      // The SAE cannot say either: the vocabulary may be enough.
    }
    if (!known.vocabulary && !known.d_model) throw;
    return ingest::load_unembedding(options.model, options.model_names, known);
  }
}

}  // namespace

Sources open_sources(const SourceOptions& options) {
  Sources sources;
  std::string vocabulary = options.vocabulary;
  if (vocabulary.empty()) vocabulary = ingest::find_vocabulary(options.model).value_or("");
  if (!vocabulary.empty()) {
    sources.vocabulary = ingest::load_vocabulary(vocabulary);
    sources.recorded["vocabulary"] = source(vocabulary, sources.vocabulary.origin, {});
    if (const auto added = ingest::added_tokens_beside(vocabulary))
      sources.recorded["added_tokens.json"] = source(*added, {}, {});
  }
  sources.model = load_model(options, sources.vocabulary);
  sources.sae = ingest::load_sae(options.sae, options.sae_names, sources.model.d());
  require_same_stream(sources.sae.W_dec, sources.model);
  if (sources.vocabulary.size() > sources.model.V())
    throw Error(ErrorKind::shape,
                "has " + std::to_string(sources.vocabulary.size()) +
                    " tokens, the unembedding only " + std::to_string(sources.model.V()) + " rows",
                vocabulary);
  sources.recorded["sae"] = source(options.sae, sources.sae.origin, names_of(options.sae_names));
  sources.recorded["model"] =
      source(options.model, sources.model.origin, names_of(options.model_names));
  return sources;
}

Sources reopen_sources(const Record& record) {
  SourceOptions options;
  for (const auto& [role, source] : record.sources) require_unchanged(role, source);
  if (const auto sae = record.sources.find("sae"); sae != record.sources.end()) {
    options.sae = sae->second.path;
    options.sae_names = {named(sae->second, "decoder"),      named(sae->second, "encoder"),
                         named(sae->second, "encoder-bias"), named(sae->second, "decoder-bias"),
                         named(sae->second, "threshold"),    ingest::FeatureAxis::automatic};
    const std::string axis = named(sae->second, "feature-axis");
    if (axis == "rows") options.sae_names.features = ingest::FeatureAxis::rows;
    if (axis == "columns") options.sae_names.features = ingest::FeatureAxis::columns;
  }
  if (const auto model = record.sources.find("model"); model != record.sources.end()) {
    options.model = model->second.path;
    options.model_names.unembedding = named(model->second, "unembedding");
    options.model_names.norm_gain = named(model->second, "norm-gain");
    const std::string norm = named(model->second, "norm");
    if (!norm.empty()) options.model_names.norm = norm == "layer" ? Norm::layer : Norm::rms;
  }
  if (const auto words = record.sources.find("vocabulary"); words != record.sources.end())
    options.vocabulary = words->second.path;
  return open_sources(options);
}

}  // namespace yoneda::study
