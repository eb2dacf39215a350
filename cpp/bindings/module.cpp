// The extension module: what it was built with, and every family's functions. One object per instruction set.

#include <pybind11/stl.h>

#include <map>
#include <string>

#include "bindings/families.h"
#include "kernels/build.h"

namespace {

std::string dotted(int a, int b, int c) {
    return std::to_string(a) + "." + std::to_string(b) + "." + std::to_string(c);
}

std::map<std::string, std::string> build_info() {
    return {
        {"isa", mmlcore::instruction_set()},
        {"vector_bits", std::to_string(mmlcore::vector_bits())},
        {"compiler", __VERSION__},
        {"openmp", std::to_string(_OPENMP)},
        {"eigen", mmlcore::eigen_version()},
        {"pybind11", dotted(PYBIND11_VERSION_MAJOR, PYBIND11_VERSION_MINOR, PYBIND11_VERSION_MICRO)},
    };
}

}  // namespace

PYBIND11_MODULE(MMLCORE_MODULE, m) {
    using namespace mmlcore::bindings;
    m.doc() = "mmlcore's kernels for one instruction set.";
    m.def("build_info", &build_info, "What this object was built with.");
    bind_threads(m);
    bind_memory(m);
    bind_buffer(m);
    bind_gemm(m);
    bind_matmul(m);
    bind_dense(m);
    bind_convolution(m);
    bind_pooling(m);
    bind_elementwise(m);
    bind_pairwise(m);
    bind_reduce(m);
    bind_softmax(m);
    bind_optimizers(m);
    bind_gather(m);
    bind_factor(m);
    bind_spectral(m);
    bind_losses(m);
    bind_random(m);
    bind_mahalanobis(m);
    bind_cross_products(m);
    bind_linear_models(m);
    bind_limited_memory(m);
    bind_normalization(m);
    bind_recurrent(m);
    bind_sampling(m);
    bind_latent(m);
    bind_training(m);
    bind_recording(m);
    bind_asynchronous(m);
    bind_clustering(m);
}
