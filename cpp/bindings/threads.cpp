#include "kernels/threads.h"

#include <pybind11/stl.h>

#include "bindings/arrays.h"
#include "bindings/families.h"

namespace mmlcore::bindings {

void bind_threads(py::module_& m) {
    start_threads_module();

    m.def("get_num_threads", &thread_count, "Threads that a parallel region opened now would use.");
    m.def(
        "set_num_threads",
        [](int n) {
            if (n < 0) throw_value("set_num_threads", "n", "at least 0 (0: the default)", std::to_string(n));
            set_thread_count(n);
        },
        py::arg("n"), "Use n threads; 0 returns to the default.");
    m.def("thread_reason", &thread_reason, "The thread count and what decided it.");
}

}  // namespace mmlcore::bindings
