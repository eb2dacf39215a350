// A recording keeps the commands that bindings hand to submit() and replays them without Python.
//
// Commands read and write the memory that they were recorded with. So a recording holds on to every array that a
// binding saw, and one that would have to be copied first is refused. What is done by others than kernels is not
// repeated: only steps that are known to consist of kernel calls are recorded (mmlcore.models.steps).
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace mmlcore::bindings {

namespace py = pybind11;

class Recording {
  public:
    // `self` is the Python object that this recording belongs to: it lives until end().
    void begin(const py::object& self);
    void end();

    void add(std::function<void()> command) { commands_.push_back(std::move(command)); }
    void keep(const py::array& a) { kept_.push_back(a); }

    // All commands, `times` times over, without the GIL. Signals are looked after between the rounds, a few times a
    // second: an interrupt leaves everything as of the last complete round.
    void run(std::ptrdiff_t times);

    std::size_t size() const { return commands_.size(); }

  private:
    std::vector<std::function<void()>> commands_;
    std::vector<py::object> kept_;
    py::object self_;  // while something is recorded
    int running_ = 0;
};

// What the calling thread is recording now, or null.
Recording* recording_now();

// ValueError while something is recorded: `function` answers with what it found and can only be run.
void refuse_recording(const char* function);

}  // namespace mmlcore::bindings
