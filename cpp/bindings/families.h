// One binding file per kernel family, each with one entry point.
#pragma once

#include <pybind11/pybind11.h>

namespace mmlcore::bindings {

void bind_threads(pybind11::module_& m);
void bind_memory(pybind11::module_& m);
void bind_buffer(pybind11::module_& m);
void bind_gemm(pybind11::module_& m);
void bind_matmul(pybind11::module_& m);
void bind_dense(pybind11::module_& m);
void bind_convolution(pybind11::module_& m);
void bind_pooling(pybind11::module_& m);
void bind_elementwise(pybind11::module_& m);
void bind_pairwise(pybind11::module_& m);
void bind_reduce(pybind11::module_& m);
void bind_softmax(pybind11::module_& m);
void bind_optimizers(pybind11::module_& m);
void bind_gather(pybind11::module_& m);
void bind_factor(pybind11::module_& m);
void bind_spectral(pybind11::module_& m);
void bind_losses(pybind11::module_& m);
void bind_random(pybind11::module_& m);
void bind_mahalanobis(pybind11::module_& m);
void bind_cross_products(pybind11::module_& m);
void bind_linear_models(pybind11::module_& m);
void bind_limited_memory(pybind11::module_& m);
void bind_normalization(pybind11::module_& m);
void bind_recurrent(pybind11::module_& m);
void bind_sampling(pybind11::module_& m);
void bind_latent(pybind11::module_& m);
void bind_training(pybind11::module_& m);
void bind_recording(pybind11::module_& m);
void bind_asynchronous(pybind11::module_& m);
void bind_clustering(pybind11::module_& m);

}  // namespace mmlcore::bindings
