// SPDX-License-Identifier: MIT
// One question to the server on a port of this machine: whether it accepts a connection and, if it
// is given a path, how it answers a GET of that. Put to 127.0.0.1 and ::1 at the same time, for
// development servers often listen on one of them only; the first good answer counts.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "sys/loop.h"

namespace poltergeist::process {

// From the one that says least to the one that says most: of what two addresses say, the higher
// counts.
enum class Finding {
  Refused,   // nobody listens
  Trouble,   // we could not ask
  Silent,    // no answer in time
  Answered,  // but it is not what we wait for
  Ready
};

struct Answer {
  Finding finding = Finding::Refused;
  std::string text;  // for people: why it is not ready; empty if it is

  [[nodiscard]] bool is_ready() const { return finding == Finding::Ready; }
};

class ServerQuestion {
 public:
  using OnAnswer = std::function<void(const Answer& answer)>;

  // Asks at once and calls `on_answer` once, from the loop, at the latest after `within`; the call
  // may destroy this. An empty path: a connection is enough. Destroying it closes the connections,
  // and nobody is told.
  ServerQuestion(Loop& loop, int port, const std::string& path, Milliseconds within,
                 OnAnswer on_answer);
  ServerQuestion(const ServerQuestion&) = delete;
  ServerQuestion& operator=(const ServerQuestion&) = delete;
  ~ServerQuestion();

 private:
  class Talk;

  void note(Answer answer);
  void on_talk_ended(Answer answer);
  void on_time_out();
  void finish();
  [[nodiscard]] bool is_open() const;

  Loop& loop_;
  int port_;
  std::string subject_;  // "port 3000", "GET /health on port 3000"
  std::string request_;  // empty: none
  Milliseconds within_;
  OnAnswer on_answer_;
  std::optional<Answer> best_;
  std::array<std::unique_ptr<Talk>, 2> talks_;  // one for each address
  Loop::Handle time_out_;
};

}  // namespace poltergeist::process
