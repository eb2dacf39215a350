// The interpreter's lock, given up for the length of a kernel.
#pragma once

#include <Python.h>

#include <chrono>
#include <thread>

namespace mmlcore::bindings {

// While the interpreter shuts down, a daemon thread must not come back: asking for the lock would end the thread by an
// exception through this destructor, and so the process. It waits for the end here.
class WithoutGil {
  public:
    WithoutGil() : state_(PyEval_SaveThread()) {}
    ~WithoutGil() {
        while (finalizing()) std::this_thread::sleep_for(std::chrono::hours(1));
        PyEval_RestoreThread(state_);
    }
    WithoutGil(const WithoutGil&) = delete;
    WithoutGil& operator=(const WithoutGil&) = delete;

  private:
    static bool finalizing() {
#if PY_VERSION_HEX >= 0x030d0000
        return Py_IsFinalizing() != 0;
#else
        return _Py_IsFinalizing() != 0;
#endif
    }

    PyThreadState* state_;
};

}  // namespace mmlcore::bindings
