// The sum of a whole tile, 6 rows × 2 vectors, in AVX2 and FMA: the loop of sum_of_products() in gemm_tile.h,
// written out.
//
// Twelve sums, two vectors of B and a broadcast element of A fill the sixteen registers. Where it unrolls this loop GCC
// moves sums between registers, and where it does not a step of 12 multiply-adds carries 6 instructions for its own
// counting; a core that decodes for two threads at once then waits for instructions (docs/performance.md).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/simd.h"

// The address sanitizer does not see what is read here: it checks the loop of sum_of_products() in its place.
#if defined(__AVX2__) && defined(__FMA__) && !defined(__AVX512F__) && defined(__x86_64__) && \
    !defined(__SANITIZE_ADDRESS__)
#define MMLCORE_SUM_AVX2 1
constexpr bool kSumWrittenOut = true;
#else
constexpr bool kSumWrittenOut = false;
#endif

namespace mmlcore {

#if defined(MMLCORE_SUM_AVX2)

// clang-format off

// One row of the tile: its element of A at address `a` times the two vectors of B in ymm12 and ymm13.
#define MMLCORE_ROW(i, a, s)                           \
    "vbroadcasts" s " " a ", %%ymm14\n\t"              \
    "vfmadd231p" s " %%ymm12, %%ymm14, %[c" i "0]\n\t" \
    "vfmadd231p" s " %%ymm13, %%ymm14, %[c" i "1]\n\t"

#define MMLCORE_B(at) "vmovups " at "(%[b]), %%ymm12\n\t" "vmovups 32+" at "(%[b]), %%ymm13\n\t"

// Step u of the sum over packed panels: 6 elements of A side by side, 64 bytes of B.
#define MMLCORE_PACKED_STEP(u, bytes, s)                    \
    MMLCORE_B("64*" u)                                      \
    MMLCORE_ROW("0", bytes "*6*" u "(%[a])", s)             \
    MMLCORE_ROW("1", bytes "*6*" u "+" bytes "*1(%[a])", s) \
    MMLCORE_ROW("2", bytes "*6*" u "+" bytes "*2(%[a])", s) \
    MMLCORE_ROW("3", bytes "*6*" u "+" bytes "*3(%[a])", s) \
    MMLCORE_ROW("4", bytes "*6*" u "+" bytes "*4(%[a])", s) \
    MMLCORE_ROW("5", bytes "*6*" u "+" bytes "*5(%[a])", s)

// A step of the sum where A lies as it is: rows 0, 1, 2 at `at` bytes from a, rows 3, 4, 5 from d. B's row is at b.
#define MMLCORE_DIRECT_STEP(at, s)             \
    MMLCORE_B("0")                             \
    MMLCORE_ROW("0", at "(%[a])", s)           \
    MMLCORE_ROW("1", at "(%[a],%[row])", s)    \
    MMLCORE_ROW("2", at "(%[a],%[row],2)", s)  \
    MMLCORE_ROW("3", at "(%[d])", s)           \
    MMLCORE_ROW("4", at "(%[d],%[row])", s)    \
    MMLCORE_ROW("5", at "(%[d],%[row],2)", s)  \
    "add %[ldb], %[b]\n\t"

// A step of the sum over a packed panel of B where A lies in strips (recurrent_step.h): its rows 64 bytes apart, like
// B's.
#define MMLCORE_STRIP_STEP_5(u, bytes, s)                 \
    MMLCORE_B("64*" u)                                    \
    MMLCORE_ROW("0", bytes "*" u "(%[a])", s)             \
    MMLCORE_ROW("1", bytes "*" u "+64(%[a])", s)          \
    MMLCORE_ROW("2", bytes "*" u "+64*2(%[a])", s)        \
    MMLCORE_ROW("3", bytes "*" u "+64*3(%[a])", s)        \
    MMLCORE_ROW("4", bytes "*" u "+64*4(%[a])", s)
#define MMLCORE_STRIP_STEP_6(u, bytes, s)                 \
    MMLCORE_STRIP_STEP_5(u, bytes, s)                     \
    MMLCORE_ROW("5", bytes "*" u "+64*5(%[a])", s)

// The steps of a whole strip, and what is fetched ahead meanwhile: 16 of 4 bytes, 8 of 8.
#define MMLCORE_FOUR_STEPS(step, u0, u1, u2, u3, bytes, s)                   \
    "prefetcht1 16*" u0 "(%[ahead])\n\t"                                     \
    step(u0, bytes, s) step(u1, bytes, s) step(u2, bytes, s) step(u3, bytes, s)
#define MMLCORE_STRIP_8(step, bytes, s)                       \
    MMLCORE_FOUR_STEPS(step, "0", "1", "2", "3", bytes, s)    \
    MMLCORE_FOUR_STEPS(step, "4", "5", "6", "7", bytes, s)
#define MMLCORE_STRIP_16(step, bytes, s)                      \
    MMLCORE_STRIP_8(step, bytes, s)                           \
    MMLCORE_FOUR_STEPS(step, "8", "9", "10", "11", bytes, s)  \
    MMLCORE_FOUR_STEPS(step, "12", "13", "14", "15", bytes, s)

// A step of the sum where each row of A has a pointer of its own and the steps, in elements, stand in a table.
#define MMLCORE_TABLE_STEP(u, bytes, s)                   \
    "movslq 4*" u "(%[step]), %%rax\n\t"                  \
    MMLCORE_B("64*" u)                                    \
    MMLCORE_ROW("0", "(%[l0],%%rax," bytes ")", s)        \
    MMLCORE_ROW("1", "(%[l1],%%rax," bytes ")", s)        \
    MMLCORE_ROW("2", "(%[l2],%%rax," bytes ")", s)        \
    MMLCORE_ROW("3", "(%[l3],%%rax," bytes ")", s)        \
    MMLCORE_ROW("4", "(%[l4],%%rax," bytes ")", s)        \
    MMLCORE_ROW("5", "(%[l5],%%rax," bytes ")", s)

#define MMLCORE_ZERO(i) "vxorps %[c" i "0], %[c" i "0], %[c" i "0]\n\t" "vxorps %[c" i "1], %[c" i "1], %[c" i "1]\n\t"
#define MMLCORE_ZEROS_5 MMLCORE_ZERO("0") MMLCORE_ZERO("1") MMLCORE_ZERO("2") MMLCORE_ZERO("3") MMLCORE_ZERO("4")
#define MMLCORE_ZEROS MMLCORE_ZEROS_5 MMLCORE_ZERO("5")

#define MMLCORE_SUMS_5                                                          \
    [c00] "=&x"(c00), [c01] "=&x"(c01), [c10] "=&x"(c10), [c11] "=&x"(c11),     \
    [c20] "=&x"(c20), [c21] "=&x"(c21), [c30] "=&x"(c30), [c31] "=&x"(c31),     \
    [c40] "=&x"(c40), [c41] "=&x"(c41)
#define MMLCORE_SUMS MMLCORE_SUMS_5, [c50] "=&x"(c50), [c51] "=&x"(c51)
#define MMLCORE_CLOBBERED "xmm12", "xmm13", "xmm14", "cc", "memory"

#define MMLCORE_SUM_PACKED(bytes, s)                                                             \
    asm volatile(                                                                                \
        MMLCORE_ZEROS                                                                            \
        "test %[fours], %[fours]\n\t"                                                            \
        "jz 2f\n\t"                                                                              \
        ".p2align 5\n"                                                                           \
        "1:\n\t"                                                                                 \
        "prefetcht1 (%[ahead])\n\t"                                                              \
        MMLCORE_PACKED_STEP("0", bytes, s) MMLCORE_PACKED_STEP("1", bytes, s)                    \
        "add $64, %[ahead]\n\t"                                                                  \
        MMLCORE_PACKED_STEP("2", bytes, s) MMLCORE_PACKED_STEP("3", bytes, s)                    \
        "add $4*6*" bytes ", %[a]\n\t"                                                           \
        "add $4*64, %[b]\n\t"                                                                    \
        "dec %[fours]\n\t"                                                                       \
        "jnz 1b\n"                                                                               \
        "2:\n\t"                                                                                 \
        "test %[rest], %[rest]\n\t"                                                              \
        "jz 4f\n"                                                                                \
        "3:\n\t"                                                                                 \
        MMLCORE_PACKED_STEP("0", bytes, s)                                                       \
        "add $6*" bytes ", %[a]\n\t"                                                             \
        "add $64, %[b]\n\t"                                                                      \
        "dec %[rest]\n\t"                                                                        \
        "jnz 3b\n"                                                                               \
        "4:\n\t"                                                                                 \
        : MMLCORE_SUMS, [a] "+&r"(a), [b] "+&r"(b), [ahead] "+&r"(ahead), [fours] "+&r"(fours),      \
          [rest] "+&r"(rest)                                                                      \
        :                                                                                        \
        : MMLCORE_CLOBBERED)

#define MMLCORE_SUM_DIRECT(bytes, s)                                                             \
    asm volatile(                                                                                \
        MMLCORE_ZEROS                                                                            \
        "test %[fours], %[fours]\n\t"                                                            \
        "jz 2f\n\t"                                                                              \
        ".p2align 5\n"                                                                           \
        "1:\n\t"                                                                                 \
        MMLCORE_DIRECT_STEP("0", s) MMLCORE_DIRECT_STEP(bytes, s)                                \
        MMLCORE_DIRECT_STEP("2*" bytes, s) MMLCORE_DIRECT_STEP("3*" bytes, s)                    \
        "add $4*" bytes ", %[a]\n\t"                                                             \
        "add $4*" bytes ", %[d]\n\t"                                                             \
        "dec %[fours]\n\t"                                                                       \
        "jnz 1b\n"                                                                               \
        "2:\n\t"                                                                                 \
        "test %[rest], %[rest]\n\t"                                                              \
        "jz 4f\n"                                                                                \
        "3:\n\t"                                                                                 \
        MMLCORE_DIRECT_STEP("0", s)                                                              \
        "add %[col], %[a]\n\t"                                                                   \
        "add %[col], %[d]\n\t"                                                                   \
        "dec %[rest]\n\t"                                                                        \
        "jnz 3b\n"                                                                               \
        "4:\n\t"                                                                                 \
        : MMLCORE_SUMS, [a] "+&r"(a), [d] "+&r"(d), [b] "+&r"(b), [fours] "+&r"(fours),              \
          [rest] "+&r"(rest)                                                                      \
        : [row] "r"(row), [col] "r"(col), [ldb] "r"(ldb)                                         \
        : MMLCORE_CLOBBERED)

#define MMLCORE_SUM_STRIPS(zeros, strip, step, steps, bytes, s, ...)                             \
    asm volatile(                                                                                \
        zeros                                                                                    \
        "test %[strips], %[strips]\n\t"                                                          \
        "jz 2f\n\t"                                                                              \
        ".p2align 5\n"                                                                           \
        "1:\n\t"                                                                                 \
        strip(step, bytes, s)                                                                    \
        "add %[between], %[a]\n\t"                                                               \
        "add $64*" steps ", %[b]\n\t"                                                            \
        "add $16*" steps ", %[ahead]\n\t"                                                        \
        "dec %[strips]\n\t"                                                                      \
        "jnz 1b\n"                                                                               \
        "2:\n\t"                                                                                 \
        "test %[rest], %[rest]\n\t"                                                              \
        "jz 4f\n"                                                                                \
        "3:\n\t"                                                                                 \
        step("0", bytes, s)                                                                      \
        "add $" bytes ", %[a]\n\t"                                                               \
        "add $64, %[b]\n\t"                                                                      \
        "dec %[rest]\n\t"                                                                        \
        "jnz 3b\n"                                                                               \
        "4:\n\t"                                                                                 \
        : __VA_ARGS__, [a] "+&r"(a), [b] "+&r"(b), [ahead] "+&r"(ahead), [strips] "+&r"(strips),     \
          [rest] "+&r"(rest)                                                                      \
        : [between] "r"(between)                                                                 \
        : MMLCORE_CLOBBERED)

#define MMLCORE_SUM_TABLE(bytes, s)                                                              \
    asm volatile(                                                                                \
        MMLCORE_ZEROS                                                                            \
        "test %[fours], %[fours]\n\t"                                                            \
        "jz 2f\n\t"                                                                              \
        ".p2align 5\n"                                                                           \
        "1:\n\t"                                                                                 \
        "prefetcht1 (%[ahead])\n\t"                                                              \
        MMLCORE_TABLE_STEP("0", bytes, s) MMLCORE_TABLE_STEP("1", bytes, s)                      \
        "add $64, %[ahead]\n\t"                                                                  \
        MMLCORE_TABLE_STEP("2", bytes, s) MMLCORE_TABLE_STEP("3", bytes, s)                      \
        "add $4*4, %[step]\n\t"                                                                  \
        "add $4*64, %[b]\n\t"                                                                    \
        "dec %[fours]\n\t"                                                                       \
        "jnz 1b\n"                                                                               \
        "2:\n\t"                                                                                 \
        "test %[rest], %[rest]\n\t"                                                              \
        "jz 4f\n"                                                                                \
        "3:\n\t"                                                                                 \
        MMLCORE_TABLE_STEP("0", bytes, s)                                                        \
        "add $4, %[step]\n\t"                                                                    \
        "add $64, %[b]\n\t"                                                                      \
        "dec %[rest]\n\t"                                                                        \
        "jnz 3b\n"                                                                               \
        "4:\n\t"                                                                                 \
        : MMLCORE_SUMS, [step] "+&r"(step), [b] "+&r"(b), [ahead] "+&r"(ahead), [fours] "+&r"(fours), \
          [rest] "+&r"(rest)                                                                      \
        : [l0] "r"(line[0]), [l1] "r"(line[1]), [l2] "r"(line[2]), [l3] "r"(line[3]),             \
          [l4] "r"(line[4]), [l5] "r"(line[5])                                                    \
        : "rax", MMLCORE_CLOBBERED)

#define MMLCORE_DECLARE_SUMS(V) V c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51
#define MMLCORE_STORE_SUMS_5(sum)                                                     \
    sum[0][0] = c00, sum[0][1] = c01, sum[1][0] = c10, sum[1][1] = c11,               \
    sum[2][0] = c20, sum[2][1] = c21, sum[3][0] = c30, sum[3][1] = c31,               \
    sum[4][0] = c40, sum[4][1] = c41
#define MMLCORE_STORE_SUMS(sum) MMLCORE_STORE_SUMS_5(sum), sum[5][0] = c50, sum[5][1] = c51

// clang-format on

// a: 6 × k packed, b: k × 2 vectors packed, ahead: what to fetch into the second-level cache meanwhile.
template <class T>
inline void sum_packed(Vec<T> (&sum)[6][2], const T* a, const T* b, std::ptrdiff_t k, const T* ahead) {
    MMLCORE_DECLARE_SUMS(Vec<T>);
    std::ptrdiff_t fours = k / 4, rest = k % 4;
    if constexpr (sizeof(T) == 4)
        MMLCORE_SUM_PACKED("4", "s");
    else
        MMLCORE_SUM_PACKED("8", "d");
    MMLCORE_STORE_SUMS(sum);
}

// Element (i, p) of A at a[i * row + p * col], row p of B at b + p * ldb.
template <class T>
inline void sum_direct(Vec<T> (&sum)[6][2], const T* a, std::ptrdiff_t row, std::ptrdiff_t col, const T* b,
                       std::ptrdiff_t ldb, std::ptrdiff_t k) {
    MMLCORE_DECLARE_SUMS(Vec<T>);
    const T* d = a + 3 * row;
    std::ptrdiff_t fours = col == 1 ? k / 4 : 0, rest = k - 4 * fours;
    row *= sizeof(T), col *= sizeof(T), ldb *= sizeof(T);
    if constexpr (sizeof(T) == 4)
        MMLCORE_SUM_DIRECT("4", "s");
    else
        MMLCORE_SUM_DIRECT("8", "d");
    MMLCORE_STORE_SUMS(sum);
}

// Element (i, p) of A at a[p / steps * between + i * steps + p % steps], where `steps` are 64 bytes; b and ahead as
// above; 5 or 6 rows.
template <class T, int Rows>
inline void sum_strips(Vec<T> (&sum)[Rows][2], const T* a, std::ptrdiff_t between, const T* b, std::ptrdiff_t k,
                       const T* ahead) {
    static_assert(Rows == 5 || Rows == 6);
    MMLCORE_DECLARE_SUMS(Vec<T>);
    constexpr std::ptrdiff_t steps = 64 / sizeof(T);
    std::ptrdiff_t strips = k / steps, rest = k % steps;
    between *= sizeof(T);
    if constexpr (Rows == 5 && sizeof(T) == 4)
        MMLCORE_SUM_STRIPS(MMLCORE_ZEROS_5, MMLCORE_STRIP_16, MMLCORE_STRIP_STEP_5, "16", "4", "s", MMLCORE_SUMS_5);
    else if constexpr (Rows == 5)
        MMLCORE_SUM_STRIPS(MMLCORE_ZEROS_5, MMLCORE_STRIP_8, MMLCORE_STRIP_STEP_5, "8", "8", "d", MMLCORE_SUMS_5);
    else if constexpr (sizeof(T) == 4)
        MMLCORE_SUM_STRIPS(MMLCORE_ZEROS, MMLCORE_STRIP_16, MMLCORE_STRIP_STEP_6, "16", "4", "s", MMLCORE_SUMS);
    else
        MMLCORE_SUM_STRIPS(MMLCORE_ZEROS, MMLCORE_STRIP_8, MMLCORE_STRIP_STEP_6, "8", "8", "d", MMLCORE_SUMS);
    MMLCORE_STORE_SUMS_5(sum);
    if constexpr (Rows == 6) sum[5][0] = c50, sum[5][1] = c51;
}

// Element (i, p) of A at line[i][step[p]], b: k × 2 vectors packed, ahead as above.
template <class T>
inline void sum_table(Vec<T> (&sum)[6][2], const T* const* line, const std::int32_t* step, const T* b, std::ptrdiff_t k,
                      const T* ahead) {
    MMLCORE_DECLARE_SUMS(Vec<T>);
    std::ptrdiff_t fours = k / 4, rest = k % 4;
    if constexpr (sizeof(T) == 4)
        MMLCORE_SUM_TABLE("4", "s");
    else
        MMLCORE_SUM_TABLE("8", "d");
    MMLCORE_STORE_SUMS(sum);
}

#undef MMLCORE_ROW
#undef MMLCORE_B
#undef MMLCORE_PACKED_STEP
#undef MMLCORE_DIRECT_STEP
#undef MMLCORE_STRIP_STEP_5
#undef MMLCORE_STRIP_STEP_6
#undef MMLCORE_FOUR_STEPS
#undef MMLCORE_STRIP_8
#undef MMLCORE_STRIP_16
#undef MMLCORE_TABLE_STEP
#undef MMLCORE_ZERO
#undef MMLCORE_ZEROS_5
#undef MMLCORE_ZEROS
#undef MMLCORE_SUMS_5
#undef MMLCORE_SUMS
#undef MMLCORE_CLOBBERED
#undef MMLCORE_SUM_PACKED
#undef MMLCORE_SUM_DIRECT
#undef MMLCORE_SUM_STRIPS
#undef MMLCORE_SUM_TABLE
#undef MMLCORE_DECLARE_SUMS
#undef MMLCORE_STORE_SUMS_5
#undef MMLCORE_STORE_SUMS

#endif

}  // namespace mmlcore
