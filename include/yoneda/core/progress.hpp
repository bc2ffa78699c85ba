// How a long computation tells where it is, and how it is asked to stop.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "yoneda/core/error.hpp"

namespace yoneda {

/// What a computation is busy with, in words a person reads: "logit arrows", "null draws".
using Stage = std::string_view;

/// Wraps a callback `bool(Stage, double share)`, share in [0, 1]; returning false asks to stop.
/// Called from the thread that called the algorithm, never from another. Empty by default.
class Progress {
 public:
  Progress() = default;
  Progress(std::function<bool(Stage, double)> report) : report_(std::move(report)) {}

  /// True: go on. False: stop.
  bool operator()(Stage stage, double share) const { return !report_ || report_(stage, share); }

  /// Reports, and throws Error{cancelled} where the callback asks to stop.
  void check(Stage stage, double share) const {
    if (!(*this)(stage, share)) throw Error(ErrorKind::cancelled, "interrupted");
  }

 private:
  std::function<bool(Stage, double)> report_;
};

}  // namespace yoneda
