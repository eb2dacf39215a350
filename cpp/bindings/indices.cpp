#include "bindings/indices.h"

#include "kernels/indices.h"

namespace mmlcore::bindings {
namespace {

void require_int64(const char* function, const char* argument, const py::array& a) {
    const py::dtype dtype = a.dtype();
    const bool native = dtype.byteorder() == '=' || dtype.byteorder() == '|';
    if (dtype.kind() != 'i' || dtype.itemsize() != 8 || !native)
        throw_type(function, argument, "int64", std::string(py::str(dtype)));
}

}  // namespace

Indices::Indices(const char* function, const char* argument, const py::array& a)
    : function_(function), argument_(argument) {
    require_int64(function, argument, a);
    require_ndim(function, argument, a, 1);
    note_use(a);
    array_ = contiguous(a);
}

void Indices::require_below(ptrdiff_t extent, ptrdiff_t first, ptrdiff_t n) const {
    const std::int64_t* index = data() + first;
    if (all_below(index, extent, n)) return;

    ptrdiff_t wrong = 0;
    while (index[wrong] >= 0 && index[wrong] < extent) ++wrong;
    throw_value(function_, argument_, "in 0 <= index < " + std::to_string(extent),
                std::to_string(index[wrong]) + " at position " + std::to_string(first + wrong));
}

std::int64_t* counter(const char* function, const char* argument, py::array& a) {
    require_int64(function, argument, a);
    require_shape(function, argument, a, {1});
    require_writeable(function, argument, a);
    if (!is_contiguous(a)) throw_value(function, argument, "aligned", "other strides");
    note_use(a);
    return static_cast<std::int64_t*>(a.mutable_data());
}

}  // namespace mmlcore::bindings
