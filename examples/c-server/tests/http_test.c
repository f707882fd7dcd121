// SPDX-License-Identifier: MIT
#include "../src/http.h"

#include <stdio.h>
#include <string.h>

#include "../src/greeting.h"

static int failures;

static void check(int holds, const char *what) {
  if (holds) return;
  ++failures;
  fprintf(stderr, "failed: %s\n", what);
}

static const char *answer_to(const char *bytes) {
  static char out[1024];
  struct request request;
  const enum parse_result result = http_parse(bytes, strlen(bytes), &request);
  if (result == REQUEST_INCOMPLETE) return "";
  out[http_answer(result == REQUEST_OK ? &request : NULL, out, sizeof out)] = '\0';
  return out;
}

int main(void) {
  check(strstr(answer_to("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), greeting()) != NULL, "GET / greets");
  check(strstr(answer_to("GET /health HTTP/1.1\r\n\r\n"), "\"ok\"") != NULL, "GET /health is ok");
  check(strstr(answer_to("GET /x HTTP/1.1\r\n\r\n"), " 404 ") != NULL, "other paths are not found");
  check(strstr(answer_to("POST / HTTP/1.1\r\n\r\n"), " 405 ") != NULL, "POST is not allowed");
  check(strstr(answer_to("nonsense\r\n\r\n"), " 400 ") != NULL, "nonsense is a bad request");
  check(strcmp(answer_to("GET / HTTP/1.1\r\nHost:"), "") == 0, "half a request is waited for");
  check(strstr(answer_to("HEAD / HTTP/1.1\n\n"), greeting()) == NULL, "HEAD has no body");
  if (failures == 0) puts("all tests passed");
  return failures == 0 ? 0 : 1;
}
