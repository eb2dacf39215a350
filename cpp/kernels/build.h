// What the kernels of this module were compiled for.
#pragma once

#include <string>

namespace mmlcore {

const char* instruction_set();
int vector_bits();
std::string eigen_version();

}  // namespace mmlcore
