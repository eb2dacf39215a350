#include "bindings/recording.h"

#include <algorithm>
#include <chrono>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "kernels/finite.h"

namespace mmlcore::bindings {
namespace {

Recording* active = nullptr;

constexpr std::chrono::milliseconds kBetweenSignals{50};

// The memory that an array spans, holes included.
std::pair<const char*, const char*> span_of(const py::array& a) {
    const char *low = static_cast<const char*>(a.data()), *high = low;
    for (ptrdiff_t axis = 0; axis < a.ndim(); ++axis) {
        if (a.shape(axis) == 0) return {low, low};
        const ptrdiff_t reach = (a.shape(axis) - 1) * a.strides(axis);
        (reach < 0 ? low : high) += reach;
    }
    return {low, high + a.itemsize()};
}

}  // namespace

Recording* recording_now() {
    return active && active->mine() ? active : nullptr;
}

void refuse_recording(const char* function) {
    if (recording_now()) throw_value(function, "call", "outside a recording", "one while a step is recorded");
}

Recording::Recording(const py::object& known) : strict_(!known.is_none()) {
    if (!strict_) return;
    for (const py::handle item : known) {
        const auto array = py::cast<py::array>(item);
        kept_.push_back(array);
        know(array);
    }
}

void Recording::begin() {
    if (active) throw_value("Recording", "recordings", "one at a time", "one inside another");
    if (!commands_.empty()) throw_value("Recording", "recording", "new", "one that holds commands");
    owner_ = std::this_thread::get_id();
    active = this;
}

void Recording::end() {
    if (active == this) active = nullptr;
}

void Recording::reads(const char* function, const char* argument, const py::array& a) {
    if (strict_ && !knows(a))
        throw_value(function, argument, "known to the recording, or written by a kernel in it",
                    "an array made by something that would not be repeated");
    kept_.push_back(a);
}

void Recording::writes(const py::array& a) {
    kept_.push_back(a);
    if (strict_) know(a);
}

void Recording::know(const py::array& a) {
    auto [low, high] = span_of(a);
    if (low == high) return;
    auto first = std::find_if(known_.begin(), known_.end(), [low = low](const Interval& i) { return i.second >= low; });
    auto last = first;
    for (; last != known_.end() && last->first <= high; ++last) {
        low = std::min(low, last->first);
        high = std::max(high, last->second);
    }
    known_.insert(known_.erase(first, last), {low, high});
}

bool Recording::knows(const py::array& a) const {
    const auto [low, high] = span_of(a);
    return low == high || std::any_of(known_.begin(), known_.end(), [low = low, high = high](const Interval& i) {
               return i.first <= low && high <= i.second;
           });
}

void Recording::run(ptrdiff_t times) {
    using Clock = std::chrono::steady_clock;
    py::gil_scoped_release release;
    auto looked = Clock::now();
    for (ptrdiff_t round = 0; round < times; ++round) {
        for (const auto& command : commands_) command();
        const auto now = Clock::now();
        if (now - looked < kBetweenSignals) continue;
        looked = now;
        py::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    }
}

void bind_recording(py::module_& m) {
    py::class_<Recording>(m, "Recording", "Kernel calls made inside `with recording:`, to be repeated without Python.")
        .def(py::init<const py::object&>(), py::arg("known") = py::none(),
             "known: arrays that may be read before a call has written them; None: any.")
        .def("__enter__",
             [](py::object self) {
                 self.cast<Recording&>().begin();
                 return self;
             })
        .def("__exit__", [](Recording& self, const py::args&) { self.end(); })
        .def("__len__", &Recording::size)
        .def("run", &Recording::run, py::arg("times") = 1, "Repeat all calls so many times.");

    static py::handle floating_point_error = PyExc_FloatingPointError;
    py::register_local_exception_translator([](std::exception_ptr p) {
        try {
            if (p) std::rethrow_exception(p);
        } catch (const NotFinite& error) {
            PyErr_SetString(floating_point_error.ptr(), error.what());
        }
    });
}

}  // namespace mmlcore::bindings
