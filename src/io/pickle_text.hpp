// Texts and numbers as pickles spell them. Nothing where the spelling is wrong.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/pickle_values.hpp"

namespace yoneda::io::pickle {

/// Well-formed UTF-8 (Unicode Standard, table 3-7): no overlong forms, no surrogates.
bool is_utf8(std::string_view text);

/// Python's raw-unicode-escape: Latin-1 with \uXXXX and \UXXXXXXXX. As UTF-8.
std::optional<std::string> from_raw_unicode(std::string_view line);

/// A quoted literal of Python 2: 'it\'s\n'. The bytes it stands for.
std::optional<std::string> from_literal(std::string_view line);

/// Two's complement, least significant byte first; no bytes are 0. An Index or a BigInteger.
Value from_twos_complement(std::span<const std::byte> bytes);

/// Decimal digits, an Index or a BigInteger.
std::optional<Value> from_digits(std::string_view text);

std::optional<double> from_decimal(std::string_view text);

/// The shortest text that reads back as the same number.
std::string number_text(double value);

}  // namespace yoneda::io::pickle
