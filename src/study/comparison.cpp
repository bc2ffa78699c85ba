#include "yoneda/study/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "json.hpp"
#include "named_sources.hpp"
#include "test_json.hpp"
#include "yoneda/onednn/gemm.hpp"
#include "yoneda/study/sources.hpp"
#include "yoneda/study/study.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view comparison_format = "yoneda-comparison/1";
constexpr std::array<const char*, 3> roles{"a", "b", "c"};
constexpr Index words_kept = 8;  // at each end of a feature

/// What the path of an SAE, or of a study that knows one, says of the sources.
SourceOptions named_at(const std::string& path) {
  const auto study = study_at(path);
  if (!study) {
    SourceOptions options;
    options.sae = path;
    return options;
  }
  if (!study->record.sources.contains("sae"))
    throw Error(ErrorKind::value, "this study does not say which SAE it is of", path);
  require_unchanged(study->record, "sae");
  return options_of(study->record);
}

/// The model that all are read with: the one named, else that of the first study that has one.
SourceOptions model_of(const std::vector<SourceOptions>& named, const ComparisonOptions& options) {
  SourceOptions model;
  model.model = options.model;
  model.vocabulary = options.vocabulary;
  for (const SourceOptions& each : named)
    if (model.model.empty() && !each.model.empty()) {
      model = each;
      if (!options.vocabulary.empty()) model.vocabulary = options.vocabulary;
    }
  return model;
}

/// Another SAE may tell which axis is features where a file does not.
Sae load_beside(const SourceOptions& named, const std::vector<Sae>& others) {
  try {
    return ingest::load_sae(named.sae, named.sae_names);
  } catch (const Error& ambiguous) {
    if (others.empty() || ambiguous.kind != ErrorKind::shape) throw;
    return load_features(named.sae, named.sae_names, others.front().d());
  }
}

void add_notes(const Sae& sae, const char* role, ComparedSaes& saes) {
  for (const std::string& note : sae.origin.notes)
    saes.notes.push_back(fmt::format("SAE {}: {}", role, note));
}

/// One more SAE in the stream of the model, which the first one brings along.
void open_with_model(ComparedSaes& saes, const SourceOptions& named, SourceOptions options,
                     const char* role) {
  options.sae = named.sae;
  options.sae_names = named.sae_names;
  if (saes.model) {
    saes.saes.push_back(load_sae_in_stream(options, *saes.model));
    require_same_stream(saes.saes.back().W_dec, *saes.model);
    saes.recorded[role] = source_of(named.sae, saes.saes.back().origin, names_of(named.sae_names));
    return;
  }
  Sources sources = open_sources(options);
  saes.saes.push_back(std::move(sources.sae));
  saes.model = std::move(sources.model);
  saes.vocabulary = std::move(sources.vocabulary);
  saes.recorded = std::move(sources.recorded);
  auto sae = saes.recorded.extract("sae");
  sae.key() = role;
  saes.recorded.insert(std::move(sae));
}

void require_one_space(const ComparedSaes& saes) {
  const Sae& first = saes.saes.front();
  for (std::size_t i = 1; i < saes.saes.size(); ++i)
    if (saes.saes[i].d() != first.d())
      throw Error(ErrorKind::shape,
                  fmt::format("SAE {} writes to a space of dimension {}, SAE a to one of {}: only "
                              "features of one space can be matched",
                              roles[i], saes.saes[i].d(), first.d()),
                  saes.saes[i].origin.path);
}

/// Features of different places of one stream can be matched; it is well to know that they are.
void note_places(ComparedSaes& saes) {
  const std::string& first = saes.saes.front().origin.hook_point;
  for (std::size_t i = 1; i < saes.saes.size(); ++i) {
    const std::string& other = saes.saes[i].origin.hook_point;
    if (!first.empty() && !other.empty() && first != other)
      saes.notes.push_back(fmt::format("SAE a is on '{}', SAE {} on '{}'", first, roles[i], other));
  }
  for (std::size_t i = 0; i < saes.saes.size(); ++i)
    if (saes.saes[i].signed_codes)
      saes.notes.push_back(
          fmt::format("SAE {} may fire with a negative sign, and features that write the opposite "
                      "are not matched",
                      roles[i]));
}

/// Runs a part of the comparison that SAEs may lack what it takes for.
template <class Part>
auto where_possible(const char* what, std::vector<std::string>& notes, const Part& part)
    -> std::optional<decltype(part())> {
  try {
    return part();
  } catch (const Error& error) {
    if (error.kind != ErrorKind::value && error.kind != ErrorKind::shape) throw;
    notes.push_back(fmt::format("no {}: {}", what, error.what()));
    return std::nullopt;
  }
}

Json counts_json(std::span<const Fate> fates, std::string_view (*name_of)(Fate)) {
  Json json = Json::object();
  for (const Fate fate : {Fate::matched, Fate::split, Fate::absorbed, Fate::lost})
    json[std::string(name_of(fate))] = std::ranges::count(fates, fate);
  return json;
}

/// The words of a feature, where there is a model.
void add_words(Json& json, const std::vector<LogitArrows>& arrows, std::size_t sae, Id feature,
               const Vocabulary& vocabulary) {
  if (arrows.empty()) return;
  json["raises"] = words_json(arrows[sae].positive(feature), vocabulary, 4);
  json["lowers"] = words_json(arrows[sae].negative(feature), vocabulary, 4);
}

Json id_or_null(Id id) {
  return id >= 0 ? Json(id) : Json(nullptr);
}

Json step_json(const Comparison& found, std::size_t step, const ComparedSaes& saes) {
  const Correspondence& c = found.steps[step];
  const auto parts_of = parts(c);
  Json features = Json::array(), back = Json::array();
  for (Id f = 0; f < static_cast<Id>(c.fate.size()); ++f) {
    Json json{{"feature", f},
              {"fate", name(c.fate[f])},
              {"match", id_or_null(c.forward.target[f])},
              {"cosine", c.forward.cosine[f]},
              {"one_to_one", id_or_null(c.pairing.target[f])},
              {"parts", parts_of[f]}};
    if (step == 0 && found.naturality)
      json["unnatural"] = number_or_null(found.naturality->of_feature[f]);
    add_words(json, found.arrows, step, f, saes.vocabulary);
    features.push_back(std::move(json));
  }
  if (step == 0 && found.functoriality)
    for (const FunctorialFeature& f : found.functoriality->features)
      features[static_cast<std::size_t>(f.feature)]["reproducible"] = f.commutes();
  for (Id g = 0; g < static_cast<Id>(c.origin.size()); ++g) {
    Json json{{"feature", g},
              {"origin", origin_name(c.origin[g])},
              {"match", id_or_null(c.backward.target[g])},
              {"cosine", c.backward.cosine[g]}};
    add_words(json, found.arrows, step + 1, g, saes.vocabulary);
    back.push_back(std::move(json));
  }
  const auto paired = std::ranges::count_if(c.pairing.target, [](Id g) { return g >= 0; });
  double cosine = 0;
  for (const float each : c.pairing.cosine) cosine += double{each};
  return {{"from", roles[step]},
          {"to", roles[step + 1]},
          {"coverage", coverage(c.forward)},
          {"coverage_back", coverage(c.backward)},
          {"one_to_one", {{"pairs", paired}, {"cosine", cosine}}},
          {"floor", {{"forward", c.forward_floor}, {"backward", c.backward_floor}}},
          {"chance", {{"forward", c.forward_chance}, {"backward", c.backward_chance}}},
          {"fates", counts_json(c.fate, yoneda::name)},
          {"origins", counts_json(c.origin, origin_name)},
          {"features", features},
          {"back", back}};
}

Json functoriality_json(const Functoriality& found) {
  Json features = Json::array();
  for (const FunctorialFeature& f : found.features)
    if (f.commutes())
      features.push_back({{"feature", f.feature},
                          {"via", f.via},
                          {"to", f.direct},
                          {"cosines", {f.cosine_via, f.cosine_through, f.cosine_direct}},
                          {"by_chance", f.by_chance}});
  return {{"looked_at", found.features.size()},
          {"commuting", found.commuting},
          {"by_chance", found.by_chance()},
          {"tests", tests_json({found.tests.begin(), found.tests.end()})},
          {"reproducible", features}};
}

Json preservation_json(const std::optional<Preservation>& found) {
  if (!found) return nullptr;
  return {
      {"compared", found->compared}, {"merged", found->merged}, {"test", test_json(found->test)}};
}

}  // namespace

ComparedSaes open_compared(const ComparisonOptions& options) {
  if (options.saes.size() < 2 || options.saes.size() > roles.size())
    throw Error(ErrorKind::value, "two or three SAEs can be compared");
  std::vector<SourceOptions> named;
  for (const std::string& path : options.saes) named.push_back(named_at(path));
  const SourceOptions with_model = model_of(named, options);
  ComparedSaes saes;
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (with_model.model.empty()) {
      saes.saes.push_back(load_beside(named[i], saes.saes));
      saes.recorded[roles[i]] =
          source_of(named[i].sae, saes.saes[i].origin, names_of(named[i].sae_names));
    } else {
      open_with_model(saes, named[i], with_model, roles[i]);
    }
    add_notes(saes.saes[i], roles[i], saes);
  }
  if (saes.model)  // every SAE may have taken files of it
    saes.recorded["model"] = source_of(with_model.model, saes.model->origin,
                                       names_of(with_model.model_names, with_model.residual_names));
  if (!options.activations_path.empty())
    saes.recorded["activations"] = source_of(options.activations_path, {}, {});
  require_one_space(saes);
  note_places(saes);
  return saes;
}

Comparison compare(const ComparedSaes& saes, const ComparisonOptions& options,
                   const Progress& progress) {
  const Gemm gemm = onednn_gemm();
  const auto& [A, B] = std::tie(saes.saes[0], saes.saes[1]);
  const bool three = saes.saes.size() == 3;
  Comparison found;
  const CorrespondenceOptions matching{.candidates = options.candidates,
                                       .chance = options.chance,
                                       .floor = options.floor,
                                       .features = options.features,
                                       .samples = options.samples,
                                       .seed = options.seed};
  for (std::size_t i = 1; i < saes.saes.size(); ++i)
    found.steps.push_back(
        correspondence(saes.saes[i - 1].W_dec, saes.saes[i].W_dec, matching, gemm, progress));
  if (three)
    found.functoriality = functoriality(
        A.W_dec, B.W_dec, saes.saes[2].W_dec,
        {.features = options.features, .samples = options.samples, .seed = options.seed}, gemm,
        progress);
  const PreservationOptions preservation{
      .features = options.features, .samples = options.samples, .seed = options.seed};
  if (three)
    found.virtual_weights = where_possible("test of virtual weights", found.notes, [&] {
      return preserved_virtual_weights(A, B, saes.saes[2], preservation, gemm, progress);
    });
  if (!options.activations.empty())
    found.coactivation =
        preserved_coactivation(A, B, options.activations, preservation, gemm, progress);
  if (!saes.model) return found;
  found.naturality =
      naturality(A.W_dec, B.W_dec, *saes.model,
                 {.features = options.features, .samples = options.samples, .seed = options.seed},
                 gemm, progress);
  ArrowOptions few;
  few.k = std::min(words_kept, saes.model->V() / 2);
  few.histogram = false;
  for (const Sae& sae : saes.saes)
    found.arrows.push_back(logit_arrows(sae.W_dec, *saes.model, few, gemm, progress));
  return found;
}

void write_comparison(const std::string& path, const Comparison& found, const ComparedSaes& saes,
                      const Record& record) {
  Json json = to_json(record, comparison_format);
  json["saes"] = Json::array();
  for (std::size_t i = 0; i < saes.saes.size(); ++i)
    json["saes"].push_back({{"name", roles[i]},
                            {"features", saes.saes[i].n()},
                            {"d_model", saes.saes[i].d()},
                            {"hook_point", saes.saes[i].origin.hook_point}});
  json["functoriality"] =
      found.functoriality ? functoriality_json(*found.functoriality) : Json(nullptr);
  json["naturality"] = found.naturality ? test_json(found.naturality->test) : Json(nullptr);
  json["coactivation"] = preservation_json(found.coactivation);
  json["virtual_weights"] = preservation_json(found.virtual_weights);
  std::vector<std::string> notes = saes.notes;
  notes.insert(notes.end(), found.notes.begin(), found.notes.end());
  json["notes"] = notes;
  json["steps"] = Json::array();
  for (std::size_t step = 0; step < found.steps.size(); ++step)
    json["steps"].push_back(step_json(found, step, saes));
  write_json(path, json);
}

}  // namespace yoneda::study
