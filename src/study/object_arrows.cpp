#include "yoneda/study/object_arrows.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "yoneda/core/parallel_sum.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/linear/dot.hpp"
#include "yoneda/study/steps.hpp"

namespace yoneda::study {
namespace {

/// The mean of the rows that are not excluded (ascending).
std::vector<double> mean_row(const Matrix& W, std::span<const Id> excluded) {
  const auto add = [&](Index first, Index last, std::span<double> sum) {
    std::vector<float> scratch(W.cols());
    for (Index t = first; t < last; ++t) {
      if (std::ranges::binary_search(excluded, static_cast<Id>(t))) continue;
      const auto row = W.row(t, scratch);
      for (std::size_t j = 0; j < row.size(); ++j) sum[j] += static_cast<double>(row[j]);
    }
  };
  std::vector<double> mean = parallel_sum(W.rows(), W.cols(), add);
  for (double& value : mean) value /= static_cast<double>(W.rows() - std::ssize(excluded));
  return mean;
}

/// x·y / (‖x‖ ‖y‖), 0 where either is the zero vector.
template <class X>
double cosine(std::span<const X> x, std::span<const double> y) {
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    const auto a = static_cast<double>(x[j]), b = y[j];
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  if (xx == 0 || yy == 0) return 0;
  return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);
}

void require_same(Index found, Index expected, const std::string& what) {
  if (found != expected)
    throw Error(ErrorKind::shape, "the graph is of " + std::to_string(expected) + " features, " +
                                      what + " of " + std::to_string(found));
}

std::vector<Point> points(const Members& members) {
  std::vector<Point> made;
  for (const Id id : members.ids) made.push_back({members.of_tokens(), id});
  return made;
}

}  // namespace

ObjectArrows::ObjectArrows(const GraphFile& graph, const ArrowsFile* arrows, const Sources* sources)
    : graph_(graph), arrows_(arrows), sources_(sources) {
  const GraphKind kind = graph.graph.kind();
  if (kind == GraphKind::virtual_ || kind == GraphKind::flow)
    throw Error(ErrorKind::value, "a diagram of a " + std::string(name(kind)) +
                                      " graph cannot be checked yet; profile and decoder graphs "
                                      "can");
  const Index n = graph.graph.node_count();
  if (arrows) {
    require_same(arrows->arrows.n, n, "the arrows");
    convention_ = arrows->arrows.convention;
    if (graph.graph.kind() == GraphKind::profile)
      profiles_ = normalized(token_profiles(arrows->arrows));
  }
  if (sources) {
    require_same(sources->sae.n(), n, "the SAE");
    if (!arrows)
      convention_ = resolve(
          convention_from(graph.record.convention).value_or(Convention::automatic), sources->model);
    const Record& record = arrows ? arrows->record : graph.record;
    mean_token_ = mean_row(sources->model.W_U, excluded_tokens(record, sources->model.V()));
  }
}

Index ObjectArrows::tokens() const {
  if (sources_) return sources_->model.V();
  return arrows_ ? arrows_->arrows.V : 0;
}

const Sources& ObjectArrows::sources(const char* what) const {
  if (!sources_)
    throw Error(ErrorKind::value, std::string("an arrow ") + what +
                                      " is computed from the weights: name them with --sae and "
                                      "--model");
  return *sources_;
}

ObjectArrow ObjectArrows::between(Point u, Point v) const {
  if (u == v) return {};
  if (u.token && v.token) return {token_token(u.id, v.id), false};
  if (u.token != v.token)
    return {feature_token(u.token ? v.id : u.id, u.token ? u.id : v.id), false};
  const float weight = graph_.graph.weight(u.id, v.id);
  if (weight != 0) return {static_cast<double>(weight), true};
  return {exact(u.id, v.id), false};
}

ObjectArrow ObjectArrows::between(const Members& from, const Members& to) const {
  ObjectArrow mean{0, true};
  Index count = 0;
  for (const Point u : points(from))
    for (const Point v : points(to)) {
      if (u == v) continue;
      const ObjectArrow arrow = between(u, v);
      mean.weight += arrow.weight;
      mean.in_graph &= arrow.in_graph;
      ++count;
    }
  if (count == 0) return {};
  mean.weight /= static_cast<double>(count);
  return mean;
}

double ObjectArrows::exact(Id f, Id g) const {
  switch (graph_.graph.kind()) {
    case GraphKind::profile:
      return profile_weight(f, g);
    case GraphKind::decoder:
      return decoder_weight(f, g);
    default:
      return 0;  // of a user's own graph the edges are all that is known
  }
}

/// In ascending order of tokens, as profile_graph sums: the same bits.
double ObjectArrows::profile_weight(Id f, Id g) const {
  if (!arrows_)
    throw Error(ErrorKind::value,
                "an arrow between features that the graph did not keep is computed from the "
                "arrows: name them with --arrows");
  const auto tokens_f = profiles_.tokens_of(f), tokens_g = profiles_.tokens_of(g);
  const auto values_f = profiles_.values_of(f), values_g = profiles_.values_of(g);
  double sum = 0;
  for (std::size_t i = 0, j = 0; i < tokens_f.size() && j < tokens_g.size();) {
    if (tokens_f[i] == tokens_g[j])
      sum += static_cast<double>(values_f[i++]) * static_cast<double>(values_g[j++]);
    else if (tokens_f[i] < tokens_g[j])
      ++i;
    else
      ++j;
  }
  return static_cast<double>(static_cast<float>(sum));
}

/// Of unit rows, as decoder_graph multiplies: the same bits.
double ObjectArrows::decoder_weight(Id f, Id g) const {
  const Matrix& W = sources("between features that the graph did not keep").sae.W_dec;
  const Matrix unit = unit_rows(take_rows(W, std::array{f, g}));
  std::vector<float> scratch(2 * W.cols());
  const auto rows = unit.rows_as_float(0, 2, scratch);
  const auto d = static_cast<std::size_t>(W.cols());
  const double product = canonical_dot(rows.first(d), rows.last(d));
  return static_cast<double>(static_cast<float>(product));
}

std::vector<double> ObjectArrows::centred(Id t) const {
  const Matrix& W_U = sources("to or from a token").model.W_U;
  std::vector<float> scratch(W_U.cols());
  const auto row = W_U.row(t, scratch);
  std::vector<double> u(row.begin(), row.end());
  for (std::size_t j = 0; j < u.size(); ++j) u[j] -= mean_token_[j];
  return u;
}

double ObjectArrows::feature_token(Id f, Id t) const {
  const Sources& from = sources("to or from a token");
  std::vector<float> scratch(from.sae.d()), direction(from.sae.d());
  logit_direction(from.sae.W_dec.row(f, scratch), from.model, convention_, direction);
  return cosine(std::span<const float>(direction), std::span<const double>(centred(t)));
}

double ObjectArrows::token_token(Id t, Id s) const {
  const std::vector<double> x = centred(t), y = centred(s);
  return cosine(std::span<const double>(x), std::span<const double>(y));
}

}  // namespace yoneda::study
