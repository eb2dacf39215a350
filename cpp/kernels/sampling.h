// One draw from softmax(logits / temperature), for models that write text.
// Instantiated for float and double.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mmlcore {

struct SamplingRule {
    double temperature;    // 0: the most probable class
    std::ptrdiff_t top_k;  // only the so many most probable; 0: all
    double top_p;          // of those the fewest, most probable first, that make up this much; 1: all
};

// The class drawn goes to out[*position], and as a number to next; position and draw go up by one. The uniform number
// is that of draw number *draw of the stream `key` (random.h). Equal probabilities rank by their number. A NaN
// is never drawn, but for one in place 0, which hides the others.
template <class T>
void sample_class(std::int64_t* out, std::int64_t* position, T* next, const T* logits, std::ptrdiff_t classes,
                  const SamplingRule& rule, std::uint64_t key, std::int64_t* draw);

}  // namespace mmlcore
