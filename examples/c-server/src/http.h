// SPDX-License-Identifier: MIT
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>

// What a server needs to know of a request.
struct request {
  char method[16];
  char path[256];
};

enum parse_result { REQUEST_INCOMPLETE, REQUEST_OK, REQUEST_BAD };

// Reads the head of a request from the bytes received so far.
enum parse_result http_parse(const char *bytes, size_t size, struct request *request);

// Writes the whole answer to a request (NULL: a bad one) into `out` and returns its length.
size_t http_answer(const struct request *request, char *out, size_t size);

#endif
