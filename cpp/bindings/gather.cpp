#include "kernels/gather.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/indices.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

constexpr const char* kName = "gather_rows";

void require_same_plain_dtype(const py::array& out, const py::array& x) {
    const py::dtype dtype = x.dtype();
    constexpr auto holds_references = 0x01;  // NPY_ITEM_REFCOUNT
    if (dtype.flags() & holds_references) throw_type(kName, "x", "of plain numbers", std::string(py::str(dtype)));
    if (!out.dtype().is(dtype) && !out.dtype().equal(dtype))
        throw_type(kName, "out", std::string(py::str(dtype)) + " (as x)", std::string(py::str(out.dtype())));
}

void require_out(py::array& out, const py::array& x, ptrdiff_t count) {
    bool fits = out.ndim() == x.ndim() && out.shape(0) == count;
    for (ptrdiff_t axis = 1; fits && axis < x.ndim(); ++axis) fits = out.shape(axis) == x.shape(axis);
    if (!fits)
        throw_value(kName, "out", "of " + std::to_string(count) + " rows shaped as those of x " + shape_text(x),
                    shape_text(out));
    require_writeable(kName, "out", out);
    if (!(out.flags() & py::array::c_style)) throw_value(kName, "out", "C-contiguous", "other strides");
}

// Whether every row is one block of memory, wherever the rows begin.
bool rows_are_contiguous(const py::array& x) {
    ptrdiff_t expected = x.itemsize();
    for (ptrdiff_t axis = x.ndim() - 1; axis > 0; --axis) {
        if (x.shape(axis) != 1 && x.strides(axis) != expected) return false;
        expected *= x.shape(axis);
    }
    return true;
}

void bind_gather_rows(py::array out, const py::array& x, const py::array& index) {
    if (x.ndim() == 0) throw_value(kName, "x", "at least 1-dimensional", "0 dimensions");
    require_same_plain_dtype(out, x);
    const Indices rows(kName, "index", index);
    require_out(out, x, rows.size());
    require_apart(kName, "out", out, {x, index});
    rows.require_below(x.shape(0));

    note_use(x);
    note_use(out);
    const py::array source = rows_are_contiguous(x) ? x : contiguous(x);
    const ptrdiff_t count = rows.size(), bytes = count ? out.nbytes() / count : 0;
    submit(gather_ns(count, bytes),
           [to = static_cast<char*>(out.mutable_data()), from = static_cast<const char*>(source.data()),
            stride = source.strides(0), index = rows.data(), count, bytes,
            n = x.shape(0)] { gather_rows(to, from, stride, n, index, count, bytes); });
}

// The rows that follow each other in `order` from *first on: the batch of a step that counts for itself.
void bind_gather_batch(py::array out, const py::array& x, const py::array& order, py::array first) {
    constexpr const char* name = "gather_batch";
    if (x.ndim() == 0) throw_value(name, "x", "at least 1-dimensional", "0 dimensions");
    require_same_plain_dtype(out, x);
    const Indices rows(name, "order", order);
    const std::int64_t* begin = counter(name, "first", first);
    const ptrdiff_t count = out.ndim() ? out.shape(0) : 0;
    require_out(out, x, count);
    require_apart(name, "out", out, {x, order});
    if (*begin < 0 || *begin > rows.size() - count)
        throw_value(name, "first", "between 0 and " + std::to_string(rows.size() - count), std::to_string(*begin));
    rows.require_below(x.shape(0), *begin, count);

    note_use(x);
    note_use(out);
    const py::array source = rows_are_contiguous(x) ? x : contiguous(x);
    const ptrdiff_t bytes = count ? out.nbytes() / count : 0;
    submit(gather_ns(count, bytes),
           [=, to = static_cast<char*>(out.mutable_data()), from = static_cast<const char*>(source.data()),
            stride = source.strides(0), index = rows.data(), room = rows.size() - count, n = x.shape(0)] {
               if (*begin >= 0 && *begin <= room) gather_rows(to, from, stride, n, index + *begin, count, bytes);
           });
}

}  // namespace

void bind_gather(py::module_& m) {
    m.def(kName, &bind_gather_rows, py::arg("out").noconvert(), py::arg("x").noconvert(), py::arg("index").noconvert(),
          "out[i] = x[index[i]]; every index in 0 <= index < len(x)");
    m.def("gather_batch", &bind_gather_batch, py::arg("out").noconvert(), py::arg("x").noconvert(),
          py::arg("order").noconvert(), py::arg("first").noconvert(), "out[i] = x[order[first[0] + i]]");
}

}  // namespace mmlcore::bindings
