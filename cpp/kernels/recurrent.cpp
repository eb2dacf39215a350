#include "kernels/recurrent.h"

#include <algorithm>
#include <cstring>

#include "kernels/gemm.h"
#include "kernels/recurrent_step.h"
#include "kernels/threads.h"

namespace mmlcore {

template <class T>
GatePanels gate_panels(Cell cell, ptrdiff_t steps, ptrdiff_t batch, ptrdiff_t units) {
    constexpr ptrdiff_t NR = Tile<T>::NR;
    return {saved_of(cell) * blocks_of(units, NR), steps * batch, NR};
}

void exchange_axes(char* y, const char* x, ptrdiff_t a, ptrdiff_t b, ptrdiff_t bytes, bool reverse, bool steps_last) {
    parallel_chunks(b, 1, static_cast<double>(a * b) * (5 + static_cast<double>(bytes) / 10),
                    [=](ptrdiff_t begin, ptrdiff_t end) {
                        for (ptrdiff_t j = begin; j < end; ++j)
                            for (ptrdiff_t i = 0; i < a; ++i) {
                                const ptrdiff_t from_i = reverse && !steps_last ? a - 1 - i : i;
                                const ptrdiff_t from_j = reverse && steps_last ? b - 1 - j : j;
                                std::memcpy(y + (j * a + i) * bytes, x + (from_i * b + from_j) * bytes,
                                            static_cast<std::size_t>(bytes));
                            }
                    });
}

template <class T>
void copy_columns(T* y, T* x, ptrdiff_t column, ptrdiff_t n, ptrdiff_t wide, ptrdiff_t narrow, bool out) {
    for (ptrdiff_t i = 0; i < n; ++i) {
        T *part = y + i * wide + column, *row = x + i * narrow;
        out ? std::copy_n(part, narrow, row) : std::copy_n(row, narrow, part);
    }
}

double recurrent_ns(Cell cell, ptrdiff_t steps, ptrdiff_t batch, ptrdiff_t inputs, ptrdiff_t units) {
    return static_cast<double>(steps) * gemm_cost_ns(batch, gates_of(cell) * units, inputs + units);
}

#define MMLCORE_INSTANTIATE(T)                                                 \
    template GatePanels gate_panels<T>(Cell, ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    template void copy_columns<T>(T*, T*, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, bool);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
