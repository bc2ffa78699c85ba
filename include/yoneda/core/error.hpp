// The one exception type, and where an error comes from.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace yoneda {

/// What went wrong, coarse enough for a caller to act on (the tool turns it into an exit code).
enum class ErrorKind {
  file,       ///< missing, unreadable, unwritable
  format,     ///< readable, but not what it claims to be
  shape,      ///< matrices or lists that do not fit each other
  value,      ///< a number or option outside its domain (NaN weights, k > V)
  numeric,    ///< a computation that did not converge
  cancelled,  ///< the progress callback asked to stop
  resource,   ///< sound input, and no room for it: disk, memory, a lock that another holds
};

/// Thrown by every function of the library. `what()` is one readable line: which file, which
/// tensor, what was expected, what was found. `where` repeats the file or option alone; it may be
/// empty.
struct Error : std::runtime_error {
  ErrorKind kind;
  std::string where;

  Error(ErrorKind kind_, const std::string& message, std::string where_ = {})
      : std::runtime_error(where_.empty() ? message : where_ + ": " + message),
        kind(kind_),
        where(std::move(where_)) {}
};

}  // namespace yoneda
