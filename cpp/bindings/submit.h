// A kernel call is a command. Every binding checks its arguments, then hands one closure over raw pointers and sizes
// to submit(): here it runs at once, without the GIL when it is long enough to matter. The closure holds nothing else,
// so that a recorded command can be replayed on the same buffers. Factorisations are the exception: they answer with
// what failed or how far they came, and can only be run.
#pragma once

#include "bindings/gil.h"

namespace mmlcore::bindings {

constexpr double kReleaseGilAboveNs = 20e3;

// cost_ns: the command's expected time on one thread.
template <class Command>
void submit(double cost_ns, Command&& command) {
    if (cost_ns < kReleaseGilAboveNs) {
        command();
        return;
    }
    const WithoutGil released;
    command();
}

}  // namespace mmlcore::bindings
