// What a step throws when it is told to stop at the first number that is none.
#pragma once

#include <stdexcept>

namespace mmlcore {

struct NotFinite : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace mmlcore
