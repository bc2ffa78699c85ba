// Random rows and weights for tests of training.
#pragma once

#include <vector>

#include "yoneda/core/random.hpp"
#include "yoneda/sae/topk_loss.hpp"

inline std::vector<float> random_rows(yoneda::Index rows, yoneda::Index d, yoneda::Random& random) {
  std::vector<float> values(rows * d);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

inline yoneda::TopkParameters random_parameters(yoneda::Index n, yoneda::Index d,
                                                yoneda::Random& random) {
  yoneda::TopkParameters parameters = yoneda::zero_parameters(n, d);
  for (auto* part : {&parameters.W_dec, &parameters.W_enc, &parameters.b_enc, &parameters.b_dec})
    for (float& value : *part) value = static_cast<float>(0.3 * random.normal());
  return parameters;
}
