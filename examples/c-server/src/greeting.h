// SPDX-License-Identifier: MIT
#ifndef GREETING_H
#define GREETING_H

// What the server answers to GET /, without a newline.
const char *greeting(void);

#endif
