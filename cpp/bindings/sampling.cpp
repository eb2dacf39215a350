#include "kernels/sampling.h"

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/indices.h"
#include "bindings/submit.h"

namespace mmlcore::bindings {
namespace {

constexpr double kNsPerClass = 12;

void bind_sample_class(py::array out, py::array position, py::array next, const py::array& logits, double temperature,
                       ptrdiff_t top_k, double top_p, std::uint64_t key, py::array draw) {
    constexpr const char* f = "sample_class";
    dispatch(f, "logits", logits, [&](auto zero) {
        using T = decltype(zero);
        if (logits.size() == 0) throw_value(f, "logits", "at least one", shape_text(logits));
        if (!is_contiguous(logits)) throw_value(f, "logits", "C-contiguous", "other strides");
        if (!(temperature >= 0)) throw_value(f, "temperature", "at least 0", std::to_string(temperature));
        if (top_k < 0) throw_value(f, "top_k", "at least 0", std::to_string(top_k));
        if (!(top_p > 0 && top_p <= 1)) throw_value(f, "top_p", "in (0, 1]", std::to_string(top_p));
        const Input<T> z(f, "logits", logits);
        const Output<T> to(f, "next", next);
        if (to.size() != 1) throw_value(f, "next", "of one number", shape_text(next));
        const Indices text(f, "out", out);
        require_writeable(f, "out", out);
        if (!is_contiguous(out)) throw_value(f, "out", "C-contiguous", "other strides");
        std::int64_t* at = counter(f, "position", position);
        if (*at < 0 || *at >= text.size())
            throw_value(f, "position", "in 0 <= position < " + std::to_string(text.size()), std::to_string(*at));
        submit(kNsPerClass * static_cast<double>(z.size()),
               [=, out = static_cast<std::int64_t*>(out.mutable_data()), next = to.data(), logits = z.data(),
                classes = z.size(), room = text.size(), rule = SamplingRule{temperature, top_k, top_p},
                draw = counter(f, "draw", draw)] {
                   if (*at >= 0 && *at < room) sample_class(out, at, next, logits, classes, rule, key, draw);
               });
    });
}

}  // namespace

void bind_sampling(py::module_& m) {
    m.def("sample_class", &bind_sample_class, py::arg("out").noconvert(), py::arg("position").noconvert(),
          py::arg("next").noconvert(), py::arg("logits").noconvert(), py::arg("temperature"), py::arg("top_k"),
          py::arg("top_p"), py::arg("key"), py::arg("draw").noconvert(),
          "out[position[0]] and next[0]: a class drawn from softmax(logits / temperature); position and draw go up by "
          "one. Nothing happens when out is full.");
}

}  // namespace mmlcore::bindings
