// The columns of image patches, as an operand of the matrix product that is never stored.
//
// Correlating an image (channels × height × width) with filters is a product F(filters × channels·kh·kw) · P, where
// column j of P holds the patch under output pixel j = (oy, ox) and row p = (c, i, q) one position in the patch:
//
//   P(p, j) = image(c, oy · stride - padding + i · dilation, ox · stride - padding + q · dilation), 0 outside the image
//
// (Notes 9.7: the column matrix of im2col.) Here the product's packing reads P straight from the image, panel by panel.
#pragma once

#include "kernels/gemm.h"

namespace mmlcore {

struct PatchShape {
    ptrdiff_t channels, height, width;  // of the image
    ptrdiff_t kernel_height, kernel_width, stride, padding, dilation;

    ptrdiff_t out_height() const { return outputs(height, kernel_height); }
    ptrdiff_t out_width() const { return outputs(width, kernel_width); }
    ptrdiff_t rows() const { return channels * kernel_height * kernel_width; }
    ptrdiff_t columns() const { return out_height() * out_width(); }

  private:
    // (W - K + 2P) / S + 1 with a kernel that reaches over (K - 1) · dilation + 1 pixels; 0 where it does not fit.
    ptrdiff_t outputs(ptrdiff_t extent, ptrdiff_t kernel) const {
        const ptrdiff_t room = extent + 2 * padding - ((kernel - 1) * dilation + 1);
        return room < 0 ? 0 : room / stride + 1;
    }
};

// P as the right operand: its lines are output pixels.
template <class T>
class Patches final : public PanelSource<T> {
  public:
    Patches(const T* image, const PatchShape& shape) : image_(image), shape_(shape) {}

    void pack(T* panel, ptrdiff_t width, ptrdiff_t first, ptrdiff_t lines, ptrdiff_t begin,
              ptrdiff_t k) const override {
        const PatchShape& s = shape_;
        const ptrdiff_t per_channel = s.kernel_height * s.kernel_width, out_width = s.out_width();
        for (ptrdiff_t p = begin; p < begin + k; ++p, panel += width) {
            const ptrdiff_t c = p / per_channel, i = p % per_channel / s.kernel_width, q = p % s.kernel_width;
            const T* channel = image_ + c * s.height * s.width;
            ptrdiff_t oy = first / out_width, ox = first % out_width;
            for (ptrdiff_t j = 0; j < lines; ++j) {
                const ptrdiff_t y = oy * s.stride - s.padding + i * s.dilation;
                const ptrdiff_t x = ox * s.stride - s.padding + q * s.dilation;
                const bool inside = y >= 0 && y < s.height && x >= 0 && x < s.width;
                panel[j] = inside ? channel[y * s.width + x] : T{0};
                if (++ox == out_width) ox = 0, ++oy;
            }
            for (ptrdiff_t j = lines; j < width; ++j) panel[j] = 0;
        }
    }

  private:
    const T* image_;
    PatchShape shape_;
};

}  // namespace mmlcore
