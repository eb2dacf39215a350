// The secular equation, on which divide and conquer rests:
//
//   f(λ) = 1/ρ + Σ_j z_j² / (p_j - λ) = 0,  p_0 < p_1 < … < p_{k-1}, ρ > 0
//
// Root i lies between p_i and p_{i+1}, the last within ρ ‖z‖² above p_{k-1}. A root is found and kept as its distance
// from the nearer pole, so that every p_j - λ_i has a small relative error.
#pragma once

#include <cstddef>

namespace mmlcore {

using std::ptrdiff_t;

// Poles of which only the differences matter: p_j = d_j, or p_j = d_j² (as singular values need).
template <class T>
struct Poles {
    const T* d;
    bool squared;

    T difference(ptrdiff_t j, ptrdiff_t i) const {  // p_j - p_i
        const T apart = d[j] - d[i];
        return squared ? apart * (d[j] + d[i]) : apart;
    }
};

template <class T>
struct Root {
    ptrdiff_t origin;  // the nearer pole
    T distance;        // λ = p_origin + distance
};

// Root i; gaps[j] = p_j - λ_i for all j. squares[j] = z_j².
template <class T>
Root<T> secular_root(T* gaps, const Poles<T>& poles, const T* squares, T rho, ptrdiff_t i, ptrdiff_t k);

// |z_j| of the matrix that has exactly the roots found, from gaps (k × k, row i of root i, leading dimension ld), up
// to one factor √ρ for all j: with it the vectors are orthogonal whatever the roots' errors. j in [begin, end).
// M. Gu, S. Eisenstat, "A stable and efficient algorithm for the rank-one modification of the symmetric
// eigenproblem", 1994.
template <class T>
void consistent_weights(T* z, const T* gaps, ptrdiff_t ld, const Poles<T>& poles, ptrdiff_t k, ptrdiff_t begin,
                        ptrdiff_t end);

}  // namespace mmlcore
