// SPDX-License-Identifier: MIT
// A small HTTP server: one thread, one poll, up to 64 connections at once. SIGINT and SIGTERM close
// everything and end it with exit code 0.
//
//   server [port]      else $PORT, else 8080
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http.h"

enum { MOST_CONNECTIONS = 64, PATIENCE_SECONDS = 5 };

struct connection {
  int fd;  // -1: free
  time_t since;
  char in[4096];
  size_t received;
  char out[1024];
  size_t length, sent;  // length 0: still reading
};

static struct connection connections[MOST_CONNECTIONS];
static volatile sig_atomic_t stopping;

static void on_stop(int signal_number) {
  (void)signal_number;
  stopping = 1;
}

static time_t seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

static void hang_up(struct connection *connection) {
  close(connection->fd);
  connection->fd = -1;
}

static void welcome(int listener) {
  for (;;) {
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    struct connection *place = NULL;
    for (int i = 0; i < MOST_CONNECTIONS && place == NULL; ++i) {
      if (connections[i].fd < 0) place = &connections[i];
    }
    if (place == NULL) {
      close(fd);
      continue;
    }
    *place = (struct connection){.fd = fd, .since = seconds()};
  }
}

static void answer(struct connection *connection) {
  const ssize_t sent = send(connection->fd, connection->out + connection->sent,
                            connection->length - connection->sent, MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (sent > 0) connection->sent += (size_t)sent;
  if (sent < 0 || connection->sent == connection->length) hang_up(connection);
}

static void listen_to(struct connection *connection) {
  const ssize_t got = recv(connection->fd, connection->in + connection->received,
                           sizeof connection->in - connection->received, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    hang_up(connection);
    return;
  }
  connection->received += (size_t)got;
  struct request request;
  enum parse_result result = http_parse(connection->in, connection->received, &request);
  if (result == REQUEST_INCOMPLETE && connection->received < sizeof connection->in) return;
  connection->length = http_answer(result == REQUEST_OK ? &request : NULL, connection->out,
                                   sizeof connection->out);
  answer(connection);
}

static int open_listener(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  // The port is free again at once for the next server, also while old connections linger.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  const struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((unsigned short)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 16) == 0) {
    return fd;
  }
  close(fd);
  return -1;
}

static void serve(int listener) {
  // Signals arrive only while ppoll() waits, so none can slip by between the check and the wait.
  sigset_t blocked, unblocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGINT);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  sigemptyset(&unblocked);
  struct sigaction action = {.sa_handler = on_stop};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);

  while (!stopping) {
    struct pollfd wanted[MOST_CONNECTIONS + 1] = {{.fd = listener, .events = POLLIN}};
    int busy = 0;
    for (int i = 0; i < MOST_CONNECTIONS; ++i) {
      struct connection *connection = &connections[i];
      if (connection->fd >= 0 && seconds() - connection->since > PATIENCE_SECONDS) {
        hang_up(connection);
      }
      wanted[i + 1] = (struct pollfd){.fd = connection->fd,
                                      .events = connection->length > 0 ? POLLOUT : POLLIN};
      busy += connection->fd >= 0;
    }
    const struct timespec a_second = {.tv_sec = 1};
    if (ppoll(wanted, MOST_CONNECTIONS + 1, busy > 0 ? &a_second : NULL, &unblocked) < 0) continue;
    for (int i = 0; i < MOST_CONNECTIONS; ++i) {
      if (connections[i].fd < 0 || wanted[i + 1].revents == 0) continue;
      if (connections[i].length > 0) {
        answer(&connections[i]);
      } else {
        listen_to(&connections[i]);
      }
    }
    if (wanted[0].revents != 0) welcome(listener);
  }
}

int main(int argc, char **argv) {
  const char *text = argc > 1 ? argv[1] : getenv("PORT");
  char *end = NULL;
  const long port = text == NULL ? 8080 : strtol(text, &end, 10);
  if (argc > 2 || (text != NULL && (end == text || *end != '\0')) || port < 1 || port > 65535) {
    fprintf(stderr, "usage: server [port]\n");
    return 2;
  }
  for (int i = 0; i < MOST_CONNECTIONS; ++i) connections[i].fd = -1;
  const int listener = open_listener((int)port);
  if (listener < 0) {
    fprintf(stderr, "server: port %ld: %s\n", port, strerror(errno));
    return 1;
  }
  fprintf(stderr, "server: http://127.0.0.1:%ld/ (pid %d)\n", port, (int)getpid());
  serve(listener);
  for (int i = 0; i < MOST_CONNECTIONS; ++i) {
    if (connections[i].fd >= 0) hang_up(&connections[i]);
  }
  close(listener);
  fprintf(stderr, "server: stopped\n");
  return 0;
}
