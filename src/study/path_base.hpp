// The base that a name in a file or a flag means.
#pragma once

#include "yoneda/category/base.hpp"
#include "yoneda/study/diagram_file.hpp"

namespace yoneda::study {

/// visit(base), with the type of the base.
template <class Visit>
auto with_base(PathBase base, const Visit& visit) {
  switch (base) {
    case PathBase::sign:
      return visit(Sign{});
    case PathBase::weight:
      return visit(Weight{});
    case PathBase::real:
      return visit(Real{});
    case PathBase::probability:
      return visit(Probability{});
    case PathBase::lawvere:
      break;
  }
  return visit(Lawvere{});
}

}  // namespace yoneda::study
