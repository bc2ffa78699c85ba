// The report's page, made at build time from page/ and d3: what stands before the data and after.
#pragma once

#include <string_view>

namespace yoneda::report {

std::string_view page_before();
std::string_view page_after();
std::string_view d3_licence();

}  // namespace yoneda::report
