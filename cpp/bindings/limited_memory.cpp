// The pairs of L-BFGS.

#include "kernels/limited_memory.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

// s and y (capacity, n), of which one row is written.
py::tuple bind_pair(py::array s, py::array y, ptrdiff_t row, const py::array& x, const py::array& x_before,
                    const py::array& g, const py::array& g_before) {
    const char* name = "limited_memory_pair";
    return dispatch(name, "s", s, [&](auto zero) {
        using T = decltype(zero);
        require_ndim(name, "s", s, 2);
        const ptrdiff_t capacity = s.shape(0), n = s.shape(1);
        const Output<T> S(name, "s", s), Y(name, "y", y, {capacity, n});
        if (row < 0 || row >= capacity)
            throw_value(name, "row", "one of " + std::to_string(capacity), std::to_string(row));
        const Input<T> X(name, "x", x, {n}), X0(name, "x_before", x_before, {n}), G(name, "g", g, {n}),
            G0(name, "g_before", g_before, {n});
        require_apart(name, "s", s, {y, x, x_before, g, g_before});
        require_apart(name, "y", y, {x, x_before, g, g_before});
        PairSums sums{};
        answer(limited_memory_ns<T>(n, 6), [&] {
            sums = limited_memory_pair<T>(S.data() + row * n, Y.data() + row * n, X.data(), X0.data(), G.data(),
                                          G0.data(), n);
        });
        return py::make_tuple(sums.sy, sums.ss, sums.yy);
    });
}

void bind_direction(py::array d, const py::array& g, const py::array& s, const py::array& y, const py::array& curvature,
                    ptrdiff_t count, ptrdiff_t newest, double scale) {
    const char* name = "limited_memory_direction";
    dispatch(name, "d", d, [&](auto zero) {
        using T = decltype(zero);
        const Output<T> D(name, "d", d);
        const ptrdiff_t n = D.size();
        require_ndim(name, "s", s, 2);
        const ptrdiff_t capacity = s.shape(0);
        const Input<T> G(name, "g", g, {n}), S(name, "s", s, {capacity, n}), Y(name, "y", y, {capacity, n});
        const Input<double> C(name, "curvature", curvature, {capacity});
        if (count < 0 || count > capacity)
            throw_value(name, "count", "at most " + std::to_string(capacity), std::to_string(count));
        if (count > 0 && (newest < 0 || newest >= capacity))
            throw_value(name, "newest", "one of " + std::to_string(capacity), std::to_string(newest));
        require_apart(name, "d", d, {g, s, y, curvature});
        answer(limited_memory_ns<T>(n, 6 * count + 2), [&] {
            limited_memory_direction<T>(D.data(), G.data(), {S.data(), Y.data(), C.data(), capacity, count, newest},
                                        scale, n);
        });
    });
}

}  // namespace

void bind_limited_memory(py::module_& m) {
    m.def("limited_memory_pair", &bind_pair, py::arg("s").noconvert(), py::arg("y").noconvert(), py::arg("row"),
          py::arg("x").noconvert(), py::arg("x_before").noconvert(), py::arg("g").noconvert(),
          py::arg("g_before").noconvert(),
          "s[row] = x - x_before, y[row] = g - g_before; the products (y @ s, s @ s, y @ y) of these rows.");
    m.def("limited_memory_direction", &bind_direction, py::arg("d").noconvert(), py::arg("g").noconvert(),
          py::arg("s").noconvert(), py::arg("y").noconvert(), py::arg("curvature").noconvert(), py::arg("count"),
          py::arg("newest"), py::arg("scale"),
          "d = -H g by the two loops of L-BFGS; pairs in rows of s and y, the newest and `count` - 1 before it.");
}

}  // namespace mmlcore::bindings
