// What takes the place of calls: a table of the functions that checkpoints name, each turned into
// plain data. Whatever is not in the table is refused.
#pragma once

#include "io/pickle_values.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::io::pickle {

/// "would call 'posix.system': a checkpoint that runs code is never loaded".
Error would_call(const Values& values, Ref callee);

/// What stands for callee(*args). Throws Error{format}.
Ref call(Values& values, Ref callee, Ref args);

/// What stands for class.__new__(class, *args, **keywords): an object that knows its class and what
/// it was made from, unless that is a function or a class. Throws Error{format}.
Ref new_object(Values& values, Ref class_name, Ref args, std::optional<Ref> keywords = {});

}  // namespace yoneda::io::pickle
