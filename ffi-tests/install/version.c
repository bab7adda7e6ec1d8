/* A host in C that finds the installed library by pkg-config. */
#include <stdio.h>

#include <wxtransfer.h>

int main(void) {
  puts(wxt_version());
  return 0;
}
