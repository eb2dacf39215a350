#include "kernels/build.h"

#include <Eigen/Core>

#include "kernels/simd.h"

namespace mmlcore {

const char* instruction_set() {
    return MMLCORE_ISA;
}

int vector_bits() {
    return 8 * kVectorBytes;
}

std::string eigen_version() {
    return std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
           std::to_string(EIGEN_MINOR_VERSION);
}

}  // namespace mmlcore
