#include "study/same_sources.hpp"

#include <algorithm>
#include <cmath>

#include "yoneda/linear/dot.hpp"

namespace yoneda::study {
namespace {

void require_same_count(Index found, Index expected, const std::string& what) {
  if (found != expected)
    throw Error(ErrorKind::shape, "the arrows are of " + std::to_string(expected) + " " + what +
                                      ", these weights have " + std::to_string(found));
}

void require_same_rows(const Matrix& W_dec, const LogitArrows& arrows) {
  std::vector<float> scratch(W_dec.cols());
  for (Index f = 0; f < W_dec.rows(); ++f) {
    const double norm = canonical_norm(W_dec.row(f, scratch));
    const auto recorded = static_cast<double>(arrows.decoder_norm[f]);
    if (!(std::abs(norm - recorded) <= 1e-5 * std::max(norm, recorded)))
      throw Error(ErrorKind::value, "the arrows are of another SAE: row " + std::to_string(f) +
                                        " of this decoder is " + std::to_string(norm) +
                                        " long, the arrows' " + std::to_string(recorded));
  }
}

}  // namespace

void require_same_sources(const Sources& sources, const LogitArrows& arrows) {
  require_same_count(sources.sae.n(), arrows.n, "features");
  require_same_count(sources.model.V(), arrows.V, "tokens");
  require_same_rows(sources.sae.W_dec, arrows);
}

}  // namespace yoneda::study
