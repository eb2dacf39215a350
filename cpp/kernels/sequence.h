// Random numbers for an order of visits: SplitMix64, one stream for each seed.
// G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace mmlcore {

class Sequence {
  public:
    // A negative seed: no random order is wanted.
    explicit Sequence(std::int64_t seed) : state_(static_cast<std::uint64_t>(seed)), random_(seed >= 0) {}

    bool random() const { return random_; }

    // From 0 … n - 1, n > 0.
    std::ptrdiff_t below(std::ptrdiff_t n) {
        return static_cast<std::ptrdiff_t>(next() % static_cast<std::uint64_t>(n));
    }

    // Fisher and Yates.
    void shuffle(std::ptrdiff_t* items, std::ptrdiff_t n) {
        for (std::ptrdiff_t i = n - 1; i > 0; --i) std::swap(items[i], items[below(i + 1)]);
    }

  private:
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

    std::uint64_t state_;
    bool random_;
};

}  // namespace mmlcore
