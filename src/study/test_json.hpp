// What every file of ours says of a test.
#pragma once

#include <vector>

#include "json.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda::study {

/// One quantity against one null, with all draws.
inline Json test_json(const NullTest& test) {
  Json draws = Json::array();
  for (const double value : test.draws) draws.push_back(number_or_null(value));
  return {{"statistic", test.statistic},
          {"null", test.null_kind},
          {"keeps", test.keeps},
          {"observed", number_or_null(test.observed)},
          {"null_mean", number_or_null(test.null_mean)},
          {"null_sd", number_or_null(test.null_sd)},
          {"effect", number_or_null(test.effect)},
          {"excess", number_or_null(test.excess)},
          {"p_upper", test.p_upper},
          {"p_lower", test.p_lower},
          {"samples", test.samples},
          {"seed", test.seed},
          {"verdict", name(test.verdict)},
          {"reason", test.reason},
          {"draws", draws}};
}

inline Json tests_json(const std::vector<NullTest>& tests) {
  Json list = Json::array();
  for (const NullTest& test : tests) list.push_back(test_json(test));
  return list;
}

}  // namespace yoneda::study
