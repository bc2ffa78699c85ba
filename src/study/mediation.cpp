#include "yoneda/study/mediation.hpp"

#include <algorithm>
#include <utility>

#include "json.hpp"
#include "yoneda/io/hash.hpp"
#include "yoneda/onednn/gemm.hpp"
#include "yoneda/study/pair.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view composition_format = "yoneda-composition/1";

SaePair pair_of(const std::string& upstream, const std::string& downstream,
                const std::string& model) {
  PairOptions options;
  options.upstream.sae = upstream;
  options.upstream.model = model;
  options.downstream = downstream;
  return open_pair(options);
}

Json count_or_null(const std::optional<Index>& count) {
  return count ? Json(*count) : Json(nullptr);
}

Json test_json(Index k, const NullTest& test) {
  return {{"k", k},
          {"rho", number_or_null(test.observed)},
          {"null_mean", number_or_null(test.null_mean)},
          {"null_sd", number_or_null(test.null_sd)},
          {"effect", number_or_null(test.effect)},
          {"p_upper", test.p_upper},
          {"p_lower", test.p_lower},
          {"verdict", name(test.verdict)},
          {"reason", test.reason},
          {"draws", test.draws}};
}

/// One model, of which different pairs may need different files.
void add_model(Trio& trio, const Source& model) {
  const auto [found, is_new] = trio.recorded.try_emplace("model", model);
  if (is_new || found->second.files == model.files) return;
  std::vector<std::string>& files = found->second.files;
  if (files.empty() || model.files.empty()) return;  // all there are
  files.insert(files.end(), model.files.begin(), model.files.end());
  std::ranges::sort(files);
  files.erase(std::ranges::unique(files).begin(), files.end());
  found->second.hash = io::hash_files(files);
}

Json failure_json(const MediatedFeature& failure) {
  return {{"feature", failure.feature},
          {"rho", failure.rho},
          {"null_mean", failure.null_mean},
          {"mediators", failure.mediators}};
}

}  // namespace

Trio open_trio(const TrioOptions& options) {
  const SaePair ab = pair_of(options.a, options.b, options.model);
  const SaePair bc = pair_of(options.b, options.c, options.model);
  const SaePair ac = pair_of(options.a, options.c, options.model);
  Trio trio;
  trio.mediation = {ab.upstream.W_dec, ab.reader, bc.upstream.W_dec, ac.reader};
  for (const SaePair* pair : {&ab, &bc, &ac}) {
    for (const std::string& note : pair->notes)
      if (std::ranges::find(trio.notes, note) == trio.notes.end()) trio.notes.push_back(note);
    if (const auto model = pair->recorded.find("model"); model != pair->recorded.end())
      add_model(trio, model->second);
  }
  trio.recorded["a"] = ab.recorded.at("sae");
  trio.recorded["b"] = bc.recorded.at("sae");
  trio.recorded["c"] = ac.recorded.at("sae_to");
  return trio;
}

MediatedComposition make_composition(const Trio& trio, const MediationOptions& options,
                                     const Progress& progress) {
  return mediated_composition(trio.mediation, options, onednn_gemm(), progress);
}

void write_composition(const std::string& path, const MediatedComposition& found,
                       const Record& record, const std::vector<std::string>& notes) {
  Json json = to_json(record, composition_format);
  const NullTest& any = found.tests.front();
  json["null"] = {
      {"kind", any.null_kind}, {"keeps", any.keeps}, {"samples", any.samples}, {"seed", any.seed}};
  json["features"] = {{"a", found.n_a},
                      {"b", found.n_b},
                      {"c", found.n_c},
                      {"of_a_compared", found.features},
                      {"of_a_unread", found.unread}};
  json["tests"] = Json::array();
  for (std::size_t i = 0; i < found.k.size(); ++i)
    json["tests"].push_back(test_json(found.k[i], found.tests[i]));
  json["curve"] = {{"rho", found.curve}, {"null_mean", found.null_curve}};
  json["needed"] = {{"rho", found.reach},
                    {"mediators", count_or_null(found.needed)},
                    {"null", count_or_null(found.null_needed)}};
  json["failures_at"] = found.failures_at;
  json["failures"] = Json::array();
  for (const MediatedFeature& failure : found.failures)
    json["failures"].push_back(failure_json(failure));
  json["notes"] = notes;
  write_json(path, json);
}

}  // namespace yoneda::study
