// Small square matrices (n ≤ kSmall), one after another: sizes known when compiled, everything in registers and on the
// stack, no workspace. The results are those of the general algorithms: partial pivoting, the same failures.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>

namespace mmlcore {

using std::ptrdiff_t;

constexpr ptrdiff_t kSmall = 8;

template <class T, int N>
struct SmallLu {
    T a[N][N];
    int row[N];    // row i of a was row[i] of the matrix
    bool odd;      // whether the exchanges make an odd permutation
    int singular;  // the first pivot that is zero, or -1

    explicit SmallLu(const T* A) : odd(false), singular(-1) {
        for (int i = 0; i < N; ++i) {
            row[i] = i;
            for (int j = 0; j < N; ++j) a[i][j] = A[i * N + j];
        }
        for (int k = 0; k < N; ++k) {
            int best = k;
            T largest = 0;
            for (int i = k; i < N; ++i)
                if (std::abs(a[i][k]) > largest) largest = std::abs(a[i][k]), best = i;
            for (int i = k; i < N && largest == 0; ++i)  // NaN after every number but zero
                if (std::isnan(a[i][k])) largest = 1, best = i;
            if (best != k) {
                for (int j = 0; j < N; ++j) std::swap(a[k][j], a[best][j]);
                std::swap(row[k], row[best]);
                odd = !odd;
            }
            if (a[k][k] == 0) {
                if (singular < 0) singular = k;
                continue;
            }
            for (int i = k + 1; i < N; ++i) {
                const T factor = a[i][k] /= a[k][k];
                for (int j = k + 1; j < N; ++j) a[i][j] -= factor * a[k][j];
            }
        }
    }

    // Column c of X (m columns) = A⁻¹ (column c of B).
    void solve(T* X, const T* B, ptrdiff_t m) const {
        for (ptrdiff_t c = 0; c < m; ++c) {
            T x[N];
            for (int i = 0; i < N; ++i) {
                x[i] = B[row[i] * m + c];
                for (int j = 0; j < i; ++j) x[i] -= a[i][j] * x[j];
            }
            for (int i = N - 1; i >= 0; --i) {
                for (int j = i + 1; j < N; ++j) x[i] -= a[i][j] * x[j];
                x[i] /= a[i][i];
            }
            for (int i = 0; i < N; ++i) X[i * m + c] = x[i];
        }
    }
};

// L from A's lower triangle, zeros above; -1 or the pivot that is not positive, whose value then stands in L. NaN
// passes, as in LAPACK.
template <class T, int N>
inline ptrdiff_t small_cholesky(T* L, const T* A) {
    T l[N][N];
    for (int j = 0; j < N; ++j) {
        T pivot = A[j * N + j];
        for (int p = 0; p < j; ++p) pivot -= l[j][p] * l[j][p];
        if (pivot <= 0) {
            L[j * N + j] = pivot;
            return j;
        }
        l[j][j] = std::sqrt(pivot);
        for (int i = j + 1; i < N; ++i) {
            T sum = A[i * N + j];
            for (int p = 0; p < j; ++p) sum -= l[i][p] * l[j][p];
            l[i][j] = sum / l[j][j];
        }
    }
    for (int i = 0; i < N; ++i)
        for (int j = 0; j < N; ++j) L[i * N + j] = j <= i ? l[i][j] : T{0};
    return -1;
}

// body(std::integral_constant<int, n>) for 1 ≤ n ≤ kSmall.
template <class Body>
inline auto with_size(ptrdiff_t n, Body&& body) {
    switch (n) {
        case 1:
            return body(std::integral_constant<int, 1>{});
        case 2:
            return body(std::integral_constant<int, 2>{});
        case 3:
            return body(std::integral_constant<int, 3>{});
        case 4:
            return body(std::integral_constant<int, 4>{});
        case 5:
            return body(std::integral_constant<int, 5>{});
        case 6:
            return body(std::integral_constant<int, 6>{});
        case 7:
            return body(std::integral_constant<int, 7>{});
        default:
            return body(std::integral_constant<int, 8>{});
    }
}

}  // namespace mmlcore
