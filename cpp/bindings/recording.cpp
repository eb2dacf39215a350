#include "bindings/recording.h"

#include <chrono>
#include <optional>

#include "bindings/arrays.h"
#include "bindings/families.h"
#include "bindings/gil.h"
#include "kernels/finite.h"
#include "kernels/thread_pool.h"

namespace mmlcore::bindings {
namespace {

thread_local Recording* active = nullptr;

constexpr std::chrono::milliseconds kBetweenSignals{50};

// Counts a run for as long as it lasts.
class Running {
  public:
    explicit Running(int& count) : count_(count) { ++count_; }
    ~Running() { --count_; }

  private:
    int& count_;
};

}  // namespace

Recording* recording_now() {
    return active;
}

void refuse_recording(const char* function) {
    if (recording_now()) throw_value(function, "call", "outside a recording", "one while a step is recorded");
}

void Recording::begin(const py::object& self) {
    if (self_ || running_ > 0) throw_value("Recording", "recording", "at rest", "one that is used elsewhere");
    if (active) throw_value("Recording", "recordings", "one at a time in a thread", "one inside another");
    if (!commands_.empty()) throw_value("Recording", "recording", "new", "one that holds commands");
    active = this;
    self_ = self;
}

void Recording::end() {
    if (active != this) return;  // not this thread's: what it records goes on
    active = nullptr;
    const py::object last = std::move(self_);
}

void Recording::run(ptrdiff_t times) {
    using Clock = std::chrono::steady_clock;
    if (self_) throw_value("Recording", "run", "after the recording", "while it is made");
    const Running here(running_);
    const WithoutGil released;
    std::optional<RowOfRegions> row;
    if (times > 1) row.emplace();
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
    py::class_<Recording>(m, "Recording", plain_type(),
                          "Kernel calls made inside `with recording:`, to be repeated without Python.")
        .def(py::init<>())
        .def("__enter__",
             [](py::object self) {
                 self.cast<Recording&>().begin(self);
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
