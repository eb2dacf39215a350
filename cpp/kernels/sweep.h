// How a window moves over images, and the blocks in which that is worked on.
//
// Along each axis output point m meets the source points m · step + origin + tap. The forward convolution, its gradient
// with respect to the input (for each remainder modulo the stride), pooling: all are such sweeps.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/image_blocks.h"
#include "kernels/workspace.h"

namespace mmlcore {

struct Axis {
    ptrdiff_t count = 1, step = 1, origin = 0;
    std::vector<ptrdiff_t> taps{0};     // from 0 up to `reach`
    std::vector<ptrdiff_t> numbers{0};  // which element of the kernel each tap is
    ptrdiff_t reach = 0;

    ptrdiff_t spans(ptrdiff_t points) const { return (points - 1) * step + reach + 1; }
    bool stays_inside(ptrdiff_t size) const {
        return origin >= 0 && (count == 0 || (count - 1) * step + origin + reach < size);
    }
};

using Axes = std::array<Axis, 3>;

// Output points [begin, begin + size) of images [image, image + images).
struct Portion {
    ptrdiff_t image, images;
    Extent begin, size;

    ptrdiff_t points() const { return images * volume(size); }
};

// All output points of n images in blocks: as many whole images, or as large a part of one, as the limits allow. An
// axis is cut only where those before it are cut down to single points: every block is a prefix of a full one.
class PortionGrid {
  public:
    PortionGrid(const Axes& axes, ptrdiff_t n, ptrdiff_t source_channels, ptrdiff_t most_values, ptrdiff_t most_points,
                ptrdiff_t wanted)
        : n_(n), all_{axes[0].count, axes[1].count, axes[2].count}, size_(all_) {
        auto values = [&] {
            return product_of_sizes(
                {axes[0].spans(size_[0]), axes[1].spans(size_[1]), axes[2].spans(size_[2]), source_channels});
        };
        auto too_large = [&] {
            return values() > most_values || volume(size_) > most_points ||
                   (n * blocks_of_an_image() < wanted && volume(size_) > kFewPoints);
        };
        for (int a = 0; a < 3; ++a)
            while (size_[a] > 1 && too_large()) size_[a] = (size_[a] + 1) / 2;
        if (volume(all_) > 0 && size_ == all_) {
            const ptrdiff_t fit = std::min(most_values / std::max<ptrdiff_t>(values(), 1), most_points / volume(all_));
            images_ = std::clamp<ptrdiff_t>(std::min(fit, n / wanted), 1, std::max<ptrdiff_t>(n, 1));
        }
    }

    ptrdiff_t count() const { return volume(all_) == 0 ? 0 : (n_ + images_ - 1) / images_ * blocks_of_an_image(); }
    Portion full() const { return {0, images_, {}, size_}; }
    Portion operator[](ptrdiff_t i) const {
        Portion b{};
        for (int a = 2; a >= 0; --a) {
            const ptrdiff_t blocks = (all_[a] + size_[a] - 1) / size_[a];
            b.begin[a] = i % blocks * size_[a];
            b.size[a] = std::min(size_[a], all_[a] - b.begin[a]);
            i /= blocks;
        }
        b.image = i * images_;
        b.images = std::min(images_, n_ - b.image);
        return b;
    }

  private:
    static constexpr ptrdiff_t kFewPoints = 48;

    ptrdiff_t blocks_of_an_image() const {
        ptrdiff_t blocks = 1;
        for (int a = 0; a < 3; ++a) blocks *= (all_[a] + size_[a] - 1) / std::max<ptrdiff_t>(size_[a], 1);
        return blocks;
    }

    ptrdiff_t n_, images_ = 1;
    Extent all_, size_;
};

// Where a block's points and a kernel's elements lie in the source, as offsets that a tile adds up.
struct Offsets {
    std::vector<std::int32_t> points;  // image by image, one more at the end (a tile looks one step ahead)
    std::vector<std::int32_t> taps;    // ordered (taps, channels), one more at the end
};

// strides: of an image and of the three axes, channels being neighbours.
inline Offsets offsets_of(const Axes& axes, const Portion& block, ptrdiff_t depth, ptrdiff_t image,
                          const Extent& strides) {
    Offsets found;
    found.points.reserve(block.points() + 1);
    for (ptrdiff_t n = 0; n < block.images; ++n)
        for (ptrdiff_t i = 0; i < block.size[0]; ++i)
            for (ptrdiff_t j = 0; j < block.size[1]; ++j)
                for (ptrdiff_t k = 0; k < block.size[2]; ++k)
                    found.points.push_back(n * image + i * axes[0].step * strides[0] + j * axes[1].step * strides[1] +
                                           k * axes[2].step * strides[2]);
    found.points.push_back(0);
    found.taps.reserve(axes[0].taps.size() * axes[1].taps.size() * axes[2].taps.size() * depth + 1);
    for (const ptrdiff_t a : axes[0].taps)
        for (const ptrdiff_t b : axes[1].taps)
            for (const ptrdiff_t c : axes[2].taps)
                for (ptrdiff_t q = 0; q < depth; ++q)
                    found.taps.push_back(a * strides[0] + b * strides[1] + c * strides[2] + q);
    found.taps.push_back(0);
    return found;
}

// The source of a sweep, portion by portion: read where it lies if no window leaves the images, otherwise copied with
// zeros around it.
template <class T, class From>
class Source {
  public:
    Source(const Images<const T>& images, const From& from, const Axes& axes, const PortionGrid& grid, ptrdiff_t depth)
        : images_(images), from_(from), axes_(axes) {
        const Portion full = grid.full();
        if constexpr (std::is_same_v<From, Values<T>>)
            direct_ = images.layout == Layout::channels_last && axes[0].stays_inside(images.size[0]) &&
                      axes[1].stays_inside(images.size[1]) && axes[2].stays_inside(images.size[2]) &&
                      images.image() * full.images < kMostDirect;
        Extent strides;
        ptrdiff_t image;
        if (direct_) {
            strides = {images.axis(0), images.axis(1), images.axis(2)};
            image = images.image();
        } else {
            // Of a full portion for all, so that the offsets hold for the last ones too.
            for (int a = 0; a < 3; ++a) region_[a] = axes[a].spans(full.size[a]);
            values_ = product_of_sizes({region_[0], region_[1], region_[2], images.channels, full.images});
            if (values_ > kMostDirect) throw std::bad_alloc();
            strides = {region_[1] * region_[2] * images.channels, region_[2] * images.channels, images.channels};
            image = region_[0] * strides[0];
        }
        offsets_ = offsets_of(axes, full, depth, image, strides);
    }

    // How much room a portion's copy needs.
    ptrdiff_t room() const { return values_; }
    const Offsets& offsets() const { return offsets_; }

    const T* portion(const Portion& b, T* room) const {
        const Extent origin{b.begin[0] * axes_[0].step + axes_[0].origin, b.begin[1] * axes_[1].step + axes_[1].origin,
                            b.begin[2] * axes_[2].step + axes_[2].origin};
        if constexpr (std::is_same_v<From, Values<T>>)
            if (direct_) return from_.x + images_.at(b.image, origin);
        copy_block(room, images_, from_, b.image, b.images, origin, region_);
        return room;
    }

  private:
    static constexpr ptrdiff_t kMostDirect = ptrdiff_t{1} << 30;  // offsets are of 32 bits

    Images<const T> images_;
    From from_;
    const Axes& axes_;
    Offsets offsets_;
    Extent region_{};
    bool direct_ = false;
    ptrdiff_t values_ = 0;
};

}  // namespace mmlcore
