#include "kernels/sampling.h"

#include <algorithm>
#include <cmath>

#include "kernels/random.h"
#include "kernels/workspace.h"

namespace mmlcore {
namespace {

using std::ptrdiff_t;

struct Candidate {
    double weight;
    ptrdiff_t number;
};

// In [0, 1), of 53 random bits.
double uniform(std::uint64_t key, std::int64_t draw) {
    const auto d = static_cast<std::uint64_t>(draw);
    const std::uint32_t counter[4] = {0, 0, static_cast<std::uint32_t>(d), static_cast<std::uint32_t>(d >> 32)};
    std::uint32_t word[4];
    philox4x32(word, counter, key);
    const std::uint64_t bits = (static_cast<std::uint64_t>(word[0]) << 32 | word[1]) >> 11;
    return static_cast<double>(bits) * 0x1p-53;
}

// How many of the candidates, which are sorted here if need be, may be drawn.
ptrdiff_t admit(Candidate* all, ptrdiff_t n, const SamplingRule& rule) {
    const ptrdiff_t most = rule.top_k > 0 ? std::min(rule.top_k, n) : n;
    if (most == n && rule.top_p >= 1) return n;
    std::partial_sort(all, all + most, all + n, [](const Candidate& a, const Candidate& b) {
        return a.weight != b.weight ? a.weight > b.weight : a.number < b.number;
    });
    if (rule.top_p >= 1) return most;
    double total = 0;
    for (ptrdiff_t i = 0; i < most; ++i) total += all[i].weight;
    double sum = 0;
    ptrdiff_t count = 0;
    while (count < most && (count == 0 || sum < rule.top_p * total)) sum += all[count++].weight;
    return count;
}

}  // namespace

template <class T>
void sample_class(std::int64_t* out, std::int64_t* position, T* next, const T* logits, ptrdiff_t classes,
                  const SamplingRule& rule, std::uint64_t key, std::int64_t* draw) {
    const Workspace<Candidate> all(classes);
    Candidate* candidates = all.data();
    ptrdiff_t best = 0;
    for (ptrdiff_t i = 1; i < classes; ++i)
        if (logits[i] > logits[best]) best = i;
    ptrdiff_t chosen = best;
    if (rule.temperature > 0 && std::isfinite(logits[best])) {
        const double highest = static_cast<double>(logits[best]);
        for (ptrdiff_t i = 0; i < classes; ++i) {
            const double weight = std::exp((static_cast<double>(logits[i]) - highest) / rule.temperature);
            candidates[i] = {weight == weight ? weight : 0, i};
        }
        const ptrdiff_t count = admit(candidates, classes, rule);
        double total = 0;
        for (ptrdiff_t i = 0; i < count; ++i) total += candidates[i].weight;
        double left = uniform(key, *draw) * total;
        ptrdiff_t i = 0;
        while (i + 1 < count && left >= candidates[i].weight) left -= candidates[i++].weight;
        chosen = candidates[i].number;
    }
    out[*position] = chosen;
    *next = static_cast<T>(chosen);
    ++*position;
    ++*draw;
}

#define MMLCORE_INSTANTIATE(T)                                                                                \
    template void sample_class<T>(std::int64_t*, std::int64_t*, T*, const T*, ptrdiff_t, const SamplingRule&, \
                                  std::uint64_t, std::int64_t*);
MMLCORE_INSTANTIATE(float)
MMLCORE_INSTANTIATE(double)
#undef MMLCORE_INSTANTIATE

}  // namespace mmlcore
