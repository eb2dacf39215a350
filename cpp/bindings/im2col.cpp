#include "kernels/im2col.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

constexpr const char* kName = "correlate2d";

void require_between(const char* argument, ptrdiff_t value, ptrdiff_t least) {
    constexpr ptrdiff_t kMost = 1 << 20;
    if (value < least || value > kMost)
        throw_value(kName, argument, "from " + std::to_string(least) + " to " + std::to_string(kMost),
                    std::to_string(value));
}

// y(n, filters, oh, ow) = Σ_p F(·, p) P(p, ·), image by image.
void correlate2d(py::array y, const py::array& x, const py::array& filters, ptrdiff_t stride, ptrdiff_t padding,
                 ptrdiff_t dilation) {
    require_between("stride", stride, 1);
    require_between("padding", padding, 0);
    require_between("dilation", dilation, 1);
    dispatch(kName, "y", y, [&](auto type) {
        using T = decltype(type);
        require_ndim(kName, "x", x, 4);
        require_ndim(kName, "filters", filters, 4);
        const ptrdiff_t n = x.shape(0), count = filters.shape(0);
        const PatchShape shape{x.shape(1),       x.shape(2), x.shape(3), filters.shape(2),
                               filters.shape(3), stride,     padding,    dilation};
        require_between("filters' height", shape.kernel_height, 1);
        require_between("filters' width", shape.kernel_width, 1);
        require_shape(kName, "filters", filters, {count, shape.channels, shape.kernel_height, shape.kernel_width});
        const Input<T> X(kName, "x", x), F(kName, "filters", filters);
        const Output<T> Y(kName, "y", y, {n, count, shape.out_height(), shape.out_width()});
        require_apart(kName, "y", y, {x, filters});
        const ptrdiff_t rows = shape.rows(), columns = shape.columns();
        submit(static_cast<double>(n) * gemm_cost_ns(count, columns, rows),
               [=, to = Y.data(), images = X.data(), f = F.data()] {
                   const PackedMatrix<T> packed({f, rows, 1}, Side::left, count, rows);
                   for (ptrdiff_t i = 0; i < n; ++i) {
                       const Patches<T> patches(images + i * shape.channels * shape.height * shape.width, shape);
                       gemm<T>(to + i * count * columns, columns, packed, patches, count, columns, rows);
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
