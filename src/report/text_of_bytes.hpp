// Bytes as text that a page can carry: compressed, then in base64.
#pragma once

#include <string>
#include <string_view>

namespace yoneda::report {

/// In zlib's format (Deutsch, Gailly 1996, RFC 1950), as a browser's DecompressionStream reads it.
/// Throws Error{numeric} where memory does not suffice.
std::string deflated(std::string_view bytes);

/// Josefsson 2006, RFC 4648, section 4, with padding.
std::string base64(std::string_view bytes);

}  // namespace yoneda::report
