// SPDX-License-Identifier: MIT
#include "http.h"

#include <stdio.h>
#include <string.h>

#include "greeting.h"

enum parse_result http_parse(const char *bytes, size_t size, struct request *request) {
  char head[64 + sizeof request->path];
  char version[4];
  const char *end = memchr(bytes, '\n', size);
  if (end == NULL) return size >= sizeof head ? REQUEST_BAD : REQUEST_INCOMPLETE;
  const size_t length = (size_t)(end - bytes);
  if (length >= sizeof head || memchr(bytes, '\0', length) != NULL) return REQUEST_BAD;
  memcpy(head, bytes, length);
  head[length] = '\0';
  if (sscanf(head, "%15[A-Z] %255s HTTP/%3[0-9.]", request->method, request->path, version) != 3) {
    return REQUEST_BAD;
  }
  // The headers say nothing that we need, but an answer has to wait for their end.
  for (const char *line = end; line != NULL;) {
    const size_t left = size - (size_t)(line - bytes);
    if (left >= 2 && line[1] == '\n') return REQUEST_OK;
    if (left >= 3 && line[1] == '\r' && line[2] == '\n') return REQUEST_OK;
    line = memchr(line + 1, '\n', left - 1);
  }
  return REQUEST_INCOMPLETE;
}

size_t http_answer(const struct request *request, char *out, size_t size) {
  const char *status = "200 OK";
  const char *type = "text/plain; charset=utf-8";
  char body[256];
  if (request == NULL) {
    status = "400 Bad Request";
    snprintf(body, sizeof body, "bad request\n");
  } else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
    status = "405 Method Not Allowed";
    snprintf(body, sizeof body, "only GET and HEAD\n");
  } else if (strcmp(request->path, "/") == 0) {
    snprintf(body, sizeof body, "%s\n", greeting());
  } else if (strcmp(request->path, "/health") == 0) {
    type = "application/json";
    snprintf(body, sizeof body, "{\"status\":\"ok\"}\n");
  } else {
    status = "404 Not Found";
    snprintf(body, sizeof body, "not found\n");
  }
  const int has_body = request == NULL || strcmp(request->method, "HEAD") != 0;
  const int length = snprintf(out, size,
                              "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                              "Connection: close\r\n\r\n%s",
                              status, type, strlen(body), has_body ? body : "");
  return length < 0 || (size_t)length >= size ? 0 : (size_t)length;
}
