#include "yoneda/study/enrichment_file.hpp"

#include <algorithm>
#include <cmath>

#include "json.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view enrichment_format = "yoneda-enrichment/1";
constexpr Index least_listed = 20;

Json feature_json(Id f, const SetEnrichment& set, const ArrowsFile& arrows) {
  constexpr std::size_t most = 8;
  return {{"feature", f},
          {"z", set.z[f]},
          {"p_upper", set.p_upper[f]},
          {"p_lower", set.p_lower[f]},
          {"p", set.p[f]},
          {"q", set.q[f]},
          {"raised", words_json(arrows.arrows.positive(f), arrows.vocabulary, most)},
          {"lowered", words_json(arrows.arrows.negative(f), arrows.vocabulary, most)}};
}

Json set_json(const SetEnrichment& set, double rate, const ArrowsFile& arrows) {
  Json features = Json::array();
  for (const Id f : strongest_features(set, rate, least_listed))
    features.push_back(feature_json(f, set, arrows));
  return {{"name", set.name},
          {"tokens", words_json(set.tokens, arrows.vocabulary, set.tokens.size())},
          {"null_mean", set.null_mean},
          {"null_sd", set.null_sd},
          {"coherence", set.coherence},
          {"best", set.best},
          {"raised_by", set.raised_by},
          {"lowered_by", set.lowered_by},
          {"verdict", name(set.verdict)},
          {"reason", set.reason},
          {"features", features},
          {"z", std::vector<float>(set.z.begin(), set.z.end())}};
}

}  // namespace

std::vector<Id> strongest_features(const SetEnrichment& set, double rate, Index least) {
  std::vector<std::pair<double, Id>> order;
  for (std::size_t f = 0; f < set.z.size(); ++f)
    order.emplace_back(-std::abs(set.z[f]), static_cast<Id>(f));
  std::ranges::sort(order);
  std::vector<Id> strongest;
  for (const auto& [size, f] : order)
    if (set.q[f] <= rate || static_cast<Index>(strongest.size()) < least) strongest.push_back(f);
  return strongest;
}

void write_enrichment(const std::string& path, const Enrichment& enrichment,
                      const ArrowsFile& arrows, const Record& record,
                      std::span<const std::string> notes) {
  Json json = to_json(record, enrichment_format);
  json["null"] = {{"kind", enrichment.null_kind},
                  {"keeps", enrichment.keeps},
                  {"samples", enrichment.samples},
                  {"seed", enrichment.seed}};
  json["rate"] = enrichment.rate;
  json["features"] = enrichment.n;
  json["sets"] = Json::array();
  for (const SetEnrichment& set : enrichment.sets)
    json["sets"].push_back(set_json(set, enrichment.rate, arrows));
  json["notes"] = enrichment.notes;
  for (const std::string& note : notes) json["notes"].push_back(note);
  write_json(path, json);
}

}  // namespace yoneda::study
