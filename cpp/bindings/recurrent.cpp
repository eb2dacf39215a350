#include "kernels/recurrent.h"

#include <pybind11/stl.h>

#include <optional>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

using Optional = std::optional<py::array>;

// Commands keep pointers: what they read may not be a copy that is gone when they run.
const py::array& whole(const char* f, const char* argument, const py::array& a) {
    if (!is_contiguous(a)) throw_value(f, argument, "C-contiguous", "other strides");
    return a;
}

template <class T>
const T* read(const char* f, const char* argument, const Optional& a, std::initializer_list<ptrdiff_t> shape) {
    return a ? Input<T>(f, argument, whole(f, argument, *a), shape).data() : nullptr;
}

Cell cell_of(const char* f, int code) {
    if (code < 0 || code >= kCells) throw_value(f, "cell", "one of the codes in CELLS", std::to_string(code));
    return static_cast<Cell>(code);
}

// What both directions read, checked; h gives the sizes.
template <class T>
RecurrentInputs<T> inputs_of(const char* f, int code, const py::array& h, const py::array& x, const py::array& w,
                             const py::array& u, const Optional& bias, const Optional& recurrent_bias,
                             const Optional& mask, const Optional& keep) {
    RecurrentInputs<T> in{};
    in.cell = cell_of(f, code);
    require_ndim(f, "h", h, 3);
    require_ndim(f, "w", w, 2);
    if (h.shape(0) < 1) throw_value(f, "h", "of one block more than there are steps", shape_text(h));
    in.steps = h.shape(0) - 1, in.batch = h.shape(1), in.units = h.shape(2), in.inputs = w.shape(0);
    const ptrdiff_t width = gates_of(in.cell) * in.units;
    if (x.ndim() == 2)
        in.rows = Input<T>(f, "x", whole(f, "x", x), {in.steps, in.batch}).data();
    else
        in.x = Input<T>(f, "x", whole(f, "x", x), {in.steps, in.batch, in.inputs}).data();
    in.w = Input<T>(f, "w", whole(f, "w", w), {in.inputs, width}).data();
    in.u = Input<T>(f, "u", whole(f, "u", u), {in.units, width}).data();
    in.bias = read<T>(f, "bias", bias, {width});
    in.recurrent_bias = read<T>(f, "recurrent_bias", recurrent_bias, {width});
    in.keep = read<T>(f, "keep", keep, {in.batch, in.units});
    if (mask) {
        if (mask->dtype().kind() != 'b') throw_type(f, "mask", "bool", std::string(py::str(mask->dtype())));
        require_shape(f, "mask", whole(f, "mask", *mask), {in.steps, in.batch});
        note_use(*mask);
        in.mask = static_cast<const std::uint8_t*>(mask->data());
    }
    return in;
}

template <class T>
Output<T> gates_in(const char* f, py::array& z, const RecurrentInputs<T>& in) {
    const GatePanels shape = gate_panels<T>(in.cell, in.steps, in.batch, in.units);
    return {f, "z", z, {shape.panels, shape.rows, shape.width}};
}

py::tuple bind_gate_panels(int code, ptrdiff_t steps, ptrdiff_t batch, ptrdiff_t units, const py::dtype& dtype) {
    constexpr const char* f = "gate_panels";
    const Cell cell = cell_of(f, code);
    constexpr ptrdiff_t kMost = ptrdiff_t{1} << 31;
    for (const ptrdiff_t extent : {steps, batch, units})
        if (extent < 0 || extent > kMost)
            throw_value(f, "steps, batch, units", "from 0 to 2^31", std::to_string(extent));
    const bool single = dtype.is(py::dtype::of<float>());
    if (!single && !dtype.is(py::dtype::of<double>()))
        throw_type(f, "dtype", "float32 or float64", std::string(py::str(dtype)));
    const GatePanels shape =
        single ? gate_panels<float>(cell, steps, batch, units) : gate_panels<double>(cell, steps, batch, units);
    return py::make_tuple(shape.panels, shape.rows, shape.width);
}

// The cell's own state goes with lstm, and with nothing else.
void require_c(const char* f, Cell cell, bool given) {
    if (given != (cell == Cell::lstm))
        throw_value(f, "c", cell == Cell::lstm ? "an array" : "None for this cell", given ? "an array" : "None");
}

py::object any(const Optional& a) {
    return a ? py::object(*a) : py::object(py::none());
}

void bind_forward(int code, py::array h, Optional c, py::array z, const py::array& x, const py::array& w,
                  const py::array& u, const Optional& bias, const Optional& recurrent_bias, const Optional& mask,
                  const Optional& keep) {
    constexpr const char* f = "recurrent_forward";
    dispatch(f, "h", h, [&](auto zero) {
        using T = decltype(zero);
        const auto in = inputs_of<T>(f, code, h, x, w, u, bias, recurrent_bias, mask, keep);
        require_c(f, in.cell, c.has_value());
        const Output<T> H(f, "h", h), Z = gates_in(f, z, in);
        T* cells = optional_output<T>(f, "c", c, {in.steps + 1, in.batch, in.units});
        require_apart(f, "h", h, {any(c), z, x, w, u, any(bias), any(recurrent_bias), any(mask), any(keep)});
        require_apart(f, "z", z, {any(c), x, w, u, any(bias), any(recurrent_bias), any(mask), any(keep)});
        if (c) require_apart(f, "c", *c, {x, w, u, any(bias), any(mask), any(keep)});
        submit(recurrent_ns(in.cell, in.steps, in.batch, in.inputs, in.units),
               [=, h = H.data(), z = Z.data()] { recurrent_forward<T>(h, cells, z, in); });
    });
}

void bind_backward(int code, Optional dx, py::array dw, py::array du, Optional dbias, Optional drecurrent_bias,
                   Optional dh0, Optional dc0, py::array z, const Optional& dh, const Optional& dh_last,
                   const Optional& dc_last, const py::array& h, const Optional& c, const py::array& x,
                   const py::array& w, const py::array& u, const Optional& mask, const Optional& keep) {
    constexpr const char* f = "recurrent_backward";
    dispatch(f, "h", h, [&](auto zero) {
        using T = decltype(zero);
        const auto in = inputs_of<T>(f, code, h, x, w, u, std::nullopt, std::nullopt, mask, keep);
        require_c(f, in.cell, c.has_value());
        const ptrdiff_t width = gates_of(in.cell) * in.units;
        if (in.rows && dx) throw_value(f, "dx", "None where x holds numbers of rows", "an array");
        const T* states = Input<T>(f, "h", whole(f, "h", h)).data();
        const T* cells = read<T>(f, "c", c, {in.steps + 1, in.batch, in.units});
        const Output<T> Z = gates_in(f, z, in);
        const RecurrentGradients<T> to{optional_output<T>(f, "dx", dx, {in.steps, in.batch, in.inputs}),
                                       Output<T>(f, "dw", dw, {in.inputs, width}).data(),
                                       Output<T>(f, "du", du, {in.units, width}).data(),
                                       optional_output<T>(f, "dbias", dbias, {width}),
                                       optional_output<T>(f, "drecurrent_bias", drecurrent_bias, {width}),
                                       optional_output<T>(f, "dh0", dh0, {in.batch, in.units}),
                                       optional_output<T>(f, "dc0", dc0, {in.batch, in.units})};
        const RecurrentOutputsGradient<T> from{read<T>(f, "dh", dh, {in.steps, in.batch, in.units}),
                                               read<T>(f, "dh_last", dh_last, {in.batch, in.units}),
                                               read<T>(f, "dc_last", dc_last, {in.batch, in.units})};
        const std::initializer_list<py::object> inputs{any(dh), any(dh_last), any(dc_last), h, any(c), x, w,
                                                       u,       any(mask),    any(keep)};
        const py::object outputs[] = {any(dx), dw, du, any(dbias), any(drecurrent_bias), any(dh0), any(dc0), z};
        for (const py::object& out : outputs) {
            if (out.is_none()) continue;
            require_apart(f, "outputs", out, inputs);
            for (const py::object& other : outputs)
                if (&other > &out) require_apart(f, "outputs", out, {other});
        }
        submit(2 * recurrent_ns(in.cell, in.steps, in.batch, in.inputs, in.units),
               [=, z = Z.data()] { recurrent_backward<T>(to, from, z, states, cells, in); });
    });
}

void bind_exchange_axes(py::array y, const py::array& x, bool reverse, bool steps_last) {
    constexpr const char* f = "exchange_axes";
    dispatch(f, "y", y, [&](auto zero) {
        using T = decltype(zero);
        if (x.ndim() < 2 || y.ndim() != x.ndim() || y.shape(0) != x.shape(1) || y.shape(1) != x.shape(0) ||
            y.size() != x.size())
            throw_value(f, "y", "of the shape of x with its first two axes exchanged", shape_text(y));
        const Output<T> to(f, "y", y);
        const Input<T> from(f, "x", whole(f, "x", x));
        require_apart(f, "y", y, {x});
        const ptrdiff_t a = x.shape(0), b = x.shape(1), cells = a * b;
        const ptrdiff_t bytes = cells ? x.nbytes() / cells : 0;
        submit(static_cast<double>(x.nbytes()) / 10,
               [=, to = reinterpret_cast<char*>(to.data()), from = reinterpret_cast<const char*>(from.data())] {
                   exchange_axes(to, from, a, b, bytes, reverse, steps_last);
               });
    });
}

void bind_copy_columns(py::array y, py::array x, ptrdiff_t column, bool out) {
    constexpr const char* f = "copy_columns";
    dispatch(f, "y", y, [&](auto zero) {
        using T = decltype(zero);
        if (x.ndim() < 1 || y.ndim() != x.ndim()) throw_value(f, "x", "of the dimensions of y", shape_text(x));
        const ptrdiff_t last = x.ndim() - 1, narrow = x.shape(last), wide = y.shape(last);
        for (ptrdiff_t axis = 0; axis < last; ++axis)
            if (x.shape(axis) != y.shape(axis)) throw_value(f, "x", "of the rows of y " + shape_text(y), shape_text(x));
        if (column < 0 || narrow > wide || column > wide - narrow)
            throw_value(f, "column", "between 0 and " + std::to_string(wide - narrow), std::to_string(column));
        const Output<T> to(f, "y", y), from(f, "x", x);
        require_apart(f, "y", y, {x});
        const ptrdiff_t n = narrow ? from.size() / narrow : 0;
        submit(static_cast<double>(x.nbytes()) / 10,
               [=, y = to.data(), x = from.data()] { copy_columns<T>(y, x, column, n, wide, narrow, out); });
    });
}

}  // namespace

void bind_recurrent(py::module_& m) {
    py::dict cells;
    constexpr const char* names[kCells] = {"lstm", "gru", "tanh", "relu"};
    for (int code = 0; code < kCells; ++code)
        cells[names[code]] = py::make_tuple(code, gates_of(static_cast<Cell>(code)), saved_of(static_cast<Cell>(code)));
    m.attr("CELLS") = cells;
    m.def("gate_panels", &bind_gate_panels, py::arg("cell"), py::arg("steps"), py::arg("batch"), py::arg("units"),
          py::arg("dtype"), "The shape of z, which recurrent_forward writes and recurrent_backward reads.");
    m.def("recurrent_forward", &bind_forward, py::arg("cell"), array("h"), array("c").none(true), array("z"),
          array("x"), array("w"), array("u"), array("bias").none(true), array("recurrent_bias").none(true),
          array("mask").none(true), array("keep").none(true),
          "h[1:] and c[1:] from h[0], c[0] and x: time first; CELLS: name -> (code, gates, parts of z)");
    m.def("recurrent_backward", &bind_backward, py::arg("cell"), array("dx").none(true), array("dw"), array("du"),
          array("dbias").none(true), array("drecurrent_bias").none(true), array("dh0").none(true),
          array("dc0").none(true), array("z"), array("dh").none(true), array("dh_last").none(true),
          array("dc_last").none(true), array("h"), array("c").none(true), array("x"), array("w"), array("u"),
          array("mask").none(true), array("keep").none(true),
          "The gradients, given those of h[1:], h[-1] and c[-1] and what the way forward wrote; z is overwritten");
    m.def("exchange_axes", &bind_exchange_axes, array("y"), array("x"), py::arg("reverse") = false,
          py::arg("steps_last") = false,
          "y = x with its first two axes exchanged; reverse: steps, x's first axis or with steps_last its second, from "
          "the last on");
    m.def("copy_columns", &bind_copy_columns, array("y"), array("x"), py::arg("column"), py::arg("out") = false,
          "y[..., column:][..., :x.shape[-1]] = x; out: the other way round");
}

}  // namespace mmlcore::bindings
