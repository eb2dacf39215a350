// What a training step does beside its layers, its loss and its optimiser: counting, penalties, constraints, rows kept
// for the metrics. Everything that changes from step to step is read from memory, so that a recorded step can be
// replayed. Instantiated for float and double.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

// total += weight value
template <class T>
void accumulate(double* total, const T* value, double weight);

// kept[position … position + n) = rows, rows of so many bytes; position += n.
void append_rows(char* kept, const char* rows, std::int64_t* position, std::ptrdiff_t n, std::ptrdiff_t bytes);

// constants[0] = rates[*position]; position += 1.
void next_rate(double* constants, const double* rates, std::int64_t* position);

// out = a ⊙ b
template <class T>
void multiply(T* out, const T* a, const T* b, std::ptrdiff_t n);

// out = a + b
template <class T>
void add(T* out, const T* a, const T* b, std::ptrdiff_t n);

// y = scale x + shift
template <class T>
void affine(T* y, const T* x, double scale, double shift, std::ptrdiff_t n);

// y = x for x > 0, otherwise slope x
template <class T>
void leaky_relu(T* y, const T* x, double slope, std::ptrdiff_t n);

// y = x for x > 0, otherwise slope x  =>  dx = dy for x > 0, otherwise slope dy
template <class T>
void leaky_relu_backward(T* dx, const T* dy, const T* x, double slope, std::ptrdiff_t n);

// Penalty l1 Σ|w| + l2 Σ w²: added to value[0], its gradient l1 sign(w) + 2 l2 w to g, which may be null.
template <class T>
void penalize(T* value, T* g, const T* w, double l1, double l2, std::ptrdiff_t n);

// w = max(w, 0); NaN stays.
template <class T>
void make_non_negative(T* w, std::ptrdiff_t n);

// Every column of w (n × c) whose Euclidean norm is above limit is scaled to that norm.
template <class T>
void limit_column_norms(T* w, double limit, std::ptrdiff_t n, std::ptrdiff_t c);

// y_i = table[x_i] for n numbers that name rows of the (rows × c) table; others give NaN.
template <class T>
void look_up(T* y, const T* table, const T* x, std::ptrdiff_t n, std::ptrdiff_t rows, std::ptrdiff_t c);

// y_i = table[x_i]  =>  dtable[r] = Σ_{x_i = r} dy_i
template <class T>
void look_up_backward(T* dtable, const T* dy, const T* x, std::ptrdiff_t n, std::ptrdiff_t rows, std::ptrdiff_t c);

// Whether no element is NaN or infinite.
template <class T>
bool all_finite(const T* x, std::ptrdiff_t n);

}  // namespace mmlcore
