// SPDX-License-Identifier: MIT
// A library that lies beside the program that needs it.
extern "C" int beside();
extern "C" int beside() {
  return 7;
}
