// SPDX-License-Identifier: MIT
// Tells of each build of one target as it ends, for as long as it lives, across restarts of the
// daemon: a wait for the next build is always under way, and a lost connection is tried again,
// first soon, then every 2 s.
#pragma once

#include <memory>
#include <string>

#include "base/id.h"
#include "polter/wait_call.h"

namespace poltergeist::polter {

struct FeedEvents {
  // Another build has ended, well or badly; or nobody builds the target, for a reason not told yet.
  std::function<void(const api::TargetAnswer&)> settled;
  // Once per loss: the daemon is gone, or knows the target no more.
  std::function<void(const std::string& why)> lost;
  // It answers again.
  std::function<void()> back;
};

class BuildFeed {
 public:
  // Tells of builds other than `known`. Events come from the loop only.
  BuildFeed(Loop& loop, std::filesystem::path socket, std::string target, BuildId known,
            FeedEvents events);
  BuildFeed(const BuildFeed&) = delete;
  BuildFeed& operator=(const BuildFeed&) = delete;

  // What was told did not come to anything because nobody could be asked: asks anew, and tells of
  // the latest build even if it is the same. Not from within an event.
  void tell_again();

 private:
  void connect();
  void ask(bool for_next);
  void on_answer(const Answered& answer);
  void lose(const std::string& why);
  void later(void (BuildFeed::*what)());
  void ask_next() { ask(true); }

  Loop& loop_;
  std::filesystem::path socket_;
  std::string target_;
  BuildId known_;
  std::string told_reason_;
  FeedEvents events_;
  bool lost_ = false;
  Duration pause_;
  std::unique_ptr<WaitCall> call_;
  Loop::Handle later_;
};

}  // namespace poltergeist::polter
