// A host in C++ that finds the installed library by CMake.
#include <iostream>

#include <wxtransfer.h>

int main() {
  std::cout << wxt_version() << '\n';
  return 0;
}
