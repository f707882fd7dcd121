// SPDX-License-Identifier: MIT
#include "greeting.h"

const char *greeting(void) { return "Hello from Poltergeist"; }
