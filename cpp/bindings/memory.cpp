#include <pybind11/stl.h>

#include <vector>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "kernels/workspace.h"

namespace mmlcore::bindings {
namespace {

py::array empty(const std::vector<ptrdiff_t>& shape, const py::dtype& dtype) {
    if (shape.size() > 32) throw_value("empty", "shape", "of at most 32 axes", std::to_string(shape.size()));
    for (ptrdiff_t extent : shape)
        if (extent < 0) throw_value("empty", "shape", "of extents from 0", std::to_string(extent));
    const bool native = dtype.byteorder() != '>', single = native && dtype.num() == py::detail::npy_api::NPY_FLOAT_;
    if (!single && !(native && dtype.num() == py::detail::npy_api::NPY_DOUBLE_))
        throw_type("empty", "dtype", "float32 or float64", std::string(py::str(dtype)));
    return new_array(single ? Dtype::float32 : Dtype::float64, shape.data(), static_cast<int>(shape.size()));
}

}  // namespace

void bind_memory(py::module_& m) {
    m.def("empty", &empty, py::arg("shape"), py::arg("dtype"),
          "numpy.empty, whose large arrays reuse memory that is already mapped.");
    m.def("release_memory", &release_memory, "Give the memory that is kept and not in use back; its bytes.");
}

}  // namespace mmlcore::bindings
