// Tells which x86-64 level this processor (and its operating system) can run. Compiled for the baseline, because
// it runs before a level has been chosen.

#include <pybind11/pybind11.h>

#include <string>

namespace {

// The best level this machine supports, "" where the question has no answer (not x86-64).
std::string level() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return "x86-64-v4";
    if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3";
    if (__builtin_cpu_supports("x86-64-v2")) return "x86-64-v2";
#endif
    return "";
}

}  // namespace

PYBIND11_MODULE(_cpu, m) {
    m.doc() = "Which instruction-set level this processor supports.";
    m.def("level", &level, "The best of x86-64-v4, -v3, -v2 that this processor supports; '' elsewhere.");
}
