// A C++ host that finds the installed library with CMake.
#include <iostream>

#include <wxtransfer.h>

int main() {
  std::cout << wxt_version() << '\n';
  return 0;
}
