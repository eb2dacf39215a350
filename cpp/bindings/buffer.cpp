// The buffer protocol for a class written in Python, before Python 3.12 (PEP 688) has it.

#include "bindings/arrays.h"
#include "bindings/families.h"

namespace mmlcore::bindings {
namespace {

// What Python 3.12's own slot does: asks the object's __buffer__ for a memoryview, whose buffer is handed on. The view
// belongs to the memoryview, which gives it back.
int buffer_of(PyObject* object, Py_buffer* view, int flags) {
    PyObject* memory = PyObject_CallMethod(object, "__buffer__", "i", flags);
    if (memory != nullptr && !PyMemoryView_Check(memory)) {
        PyErr_Format(PyExc_TypeError, "__buffer__ must return a memoryview, got %s", Py_TYPE(memory)->tp_name);
        Py_CLEAR(memory);
    }
    if (memory == nullptr) {
        view->obj = nullptr;
        return -1;
    }
    const int answer = PyObject_GetBuffer(memory, view, flags);
    Py_DECREF(memory);
    return answer;
}

void offer_buffer(const py::type& type) {
    auto* object = reinterpret_cast<PyTypeObject*>(type.ptr());
    if (!PyType_HasFeature(object, Py_TPFLAGS_HEAPTYPE) || !py::hasattr(type, "__buffer__"))
        throw_type("offer_buffer", "type", "a class written in Python with a method __buffer__",
                   std::string(py::str(type)));
    if (object->tp_as_buffer->bf_getbuffer == nullptr) object->tp_as_buffer->bf_getbuffer = &buffer_of;
}

}  // namespace

void bind_buffer(py::module_& m) {
    m.def("offer_buffer", &offer_buffer, py::arg("type"),
          "Let memoryview() and others find a class's method __buffer__, as Python 3.12 does by itself.");
}

}  // namespace mmlcore::bindings
