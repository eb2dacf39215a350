// The codes of the activation functions. What they compute: activation_functions.h.
#pragma once

namespace mmlcore {

enum class Activation { linear, relu, sigmoid, tanh, softplus, elu, gelu, silu };
constexpr int kActivations = 8;

// Whether the slope is written in z; those of the others are written in y = activation(z), so z need not be kept.
constexpr bool slope_needs_z(Activation activation) {
    return activation >= Activation::gelu;
}

}  // namespace mmlcore
