// The interpreter's lock, given up for the length of a kernel.
#pragma once

#include <Python.h>

#include <chrono>
#include <thread>

namespace mmlcore::bindings {

// While the interpreter shuts down, a daemon thread that asks for the lock is ended by pthread_exit(), whose unwinding
// must not pass this destructor: it would end the process. The thread waits for the end here instead.
class WithoutGil {
  public:
    WithoutGil() : state_(PyEval_SaveThread()) {}
    ~WithoutGil() {
        try {
            PyEval_RestoreThread(state_);
        } catch (...) {
            for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
        }
    }
    WithoutGil(const WithoutGil&) = delete;
    WithoutGil& operator=(const WithoutGil&) = delete;

  private:
    PyThreadState* state_;
};

}  // namespace mmlcore::bindings
