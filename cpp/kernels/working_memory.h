// Memory for the length of a kernel, aligned to cache lines.
#pragma once

#include <cstddef>
#include <new>

namespace mmlcore {

template <class T>
class Workspace {
  public:
    explicit Workspace(std::ptrdiff_t count)
        : data_(static_cast<T*>(
              ::operator new(static_cast<std::size_t>(count > 0 ? count : 1) * sizeof(T), std::align_val_t{64}))) {}
    ~Workspace() { ::operator delete(data_, std::align_val_t{64}); }
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    T* data() const { return data_; }

  private:
    T* data_;
};

}  // namespace mmlcore
