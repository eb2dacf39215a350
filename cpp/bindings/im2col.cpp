#include "kernels/im2col.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

constexpr const char* kName = "correlate2d";

// y(n, filters, oh, ow) = Σ_p F(·, p) P(p, ·), image by image.
void correlate2d(py::array y, const py::array& x, const py::array& filters, ptrdiff_t stride, ptrdiff_t padding,
                 ptrdiff_t dilation) {
    if (stride < 1) throw_value(kName, "stride", "at least 1", std::to_string(stride));
    if (dilation < 1) throw_value(kName, "dilation", "at least 1", std::to_string(dilation));
    if (padding < 0) throw_value(kName, "padding", "at least 0", std::to_string(padding));
    dispatch(kName, "y", y, [&](auto type) {
        using T = decltype(type);
        require_ndim(kName, "x", x, 4);
        require_ndim(kName, "filters", filters, 4);
        const ptrdiff_t n = x.shape(0), count = filters.shape(0);
        const PatchShape shape{x.shape(1),       x.shape(2), x.shape(3), filters.shape(2),
                               filters.shape(3), stride,     padding,    dilation};
        require_shape(kName, "filters", filters, {count, shape.channels, shape.kernel_height, shape.kernel_width});
        const Input<T> X(kName, "x", x), F(kName, "filters", filters);
        const Output<T> Y(kName, "y", y, {n, count, shape.out_height(), shape.out_width()});
        const ptrdiff_t rows = shape.rows(), columns = shape.columns();
        submit(static_cast<double>(n) * gemm_cost_ns(count, columns, rows),
               [=, to = Y.data(), images = X.data(), f = F.data()] {
                   for (ptrdiff_t i = 0; i < n; ++i) {
                       const Patches<T> patches(images + i * shape.channels * shape.height * shape.width, shape);
                       gemm<T>(to + i * count * columns, columns, {f, rows, 1}, patches, count, columns, rows);
                   }
               });
    });
}

}  // namespace

void bind_im2col(py::module_& m) {
    m.def(
        "correlate2d", &correlate2d, py::arg("y"), py::arg("x"), py::arg("filters"), py::arg("stride") = 1,
        py::arg("padding") = 0, py::arg("dilation") = 1,
        "y[n, f] = the correlation of image n (channels first) with filter f, through patches that are never stored.");
}

}  // namespace mmlcore::bindings
