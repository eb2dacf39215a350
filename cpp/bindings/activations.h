// Activation functions by the codes of ACTIVATIONS.
#pragma once

#include "bindings/arrays.h"
#include "kernels/activation.h"

namespace mmlcore::bindings {

inline Activation activation_of(const char* function, int code) {
    if (code < 0 || code >= kActivations)
        throw_value(function, "activation", "one of the codes in ACTIVATIONS", std::to_string(code));
    return static_cast<Activation>(code);
}

}  // namespace mmlcore::bindings
