// A recording keeps the commands that bindings hand to submit() and replays them without Python.
//
// Commands read and write the memory that they were recorded with. So a recording holds on to every array that a
// binding saw, refuses one that would have to be copied first, and, when it is strict, one that no earlier command of
// the recording has written and that was not named beforehand: something other than a kernel must have made it, and
// would not be made again.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace mmlcore::bindings {

namespace py = pybind11;

class Recording {
  public:
    // known: arrays that commands may read before any has written them, or None: any may be read.
    explicit Recording(const py::object& known);

    void begin();
    void end();

    void add(std::function<void()> command) { commands_.push_back(std::move(command)); }
    void keep(const py::array& a) { kept_.push_back(a); }
    void reads(const char* function, const char* argument, const py::array& a);
    void writes(const py::array& a);

    // All commands, `times` times over, without the GIL. Signals are looked after between the rounds, a few times a
    // second: an interrupt leaves everything as of the last complete round.
    void run(std::ptrdiff_t times);

    std::size_t size() const { return commands_.size(); }
    bool mine() const { return std::this_thread::get_id() == owner_; }

  private:
    using Interval = std::pair<const char*, const char*>;

    std::vector<std::function<void()>> commands_;
    std::vector<py::object> kept_;
    std::vector<Interval> known_;  // disjoint, sorted
    bool strict_;
    std::thread::id owner_;

    void know(const py::array& a);
    bool knows(const py::array& a) const;
};

// What the calling thread is recording now, or null. Read under the GIL.
Recording* recording_now();

// ValueError while something is recorded: `function` answers with what it found and can only be run.
void refuse_recording(const char* function);

}  // namespace mmlcore::bindings
