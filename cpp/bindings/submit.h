// A kernel call is a command. Every binding checks its arguments, then hands one closure over raw pointers and sizes
// to submit(): it is kept when a recording is made, and run at once, without the GIL when it is long enough to matter.
// The closure holds nothing else, and holds it by value, so that a recorded command can be replayed on the same
// buffers. Factorisations are the exception: they answer() with what failed or how far they came, and can only be run.
#pragma once

#include "bindings/gil.h"
#include "bindings/recording.h"

namespace mmlcore::bindings {

constexpr double kReleaseGilAboveNs = 20e3;

// cost_ns: the command's expected time on one thread.
template <class Command>
void run_now(double cost_ns, Command&& command) {
    if (cost_ns < kReleaseGilAboveNs) {
        command();
        return;
    }
    const WithoutGil released;
    command();
}

// Recorded only once it has run: what raises is not to be repeated.
template <class Command>
void submit(double cost_ns, Command&& command) {
    run_now(cost_ns, command);
    if (Recording* recording = recording_now()) recording->add(command);
}

// For commands that hold references to what they answer with.
template <class Command>
void answer(double cost_ns, Command&& command) {
    refuse_recording("factorisation");
    run_now(cost_ns, command);
}

}  // namespace mmlcore::bindings
