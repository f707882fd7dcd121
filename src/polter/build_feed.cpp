// SPDX-License-Identifier: MIT
#include "polter/build_feed.h"

#include <algorithm>

#include "sys/clock.h"

namespace poltergeist::polter {

namespace {

constexpr Milliseconds kFirstPause{50};
constexpr Milliseconds kLongestPause{2000};

bool says_how_a_build_ended(const api::TargetAnswer& answer) {
  return answer.answer == api::Answer::Fresh || answer.answer == api::Answer::Failed;
}

}  // namespace

BuildFeed::BuildFeed(Loop& loop, std::filesystem::path socket, std::string target, BuildId known,
                     FeedEvents events)
    : loop_(loop),
      socket_(std::move(socket)),
      target_(std::move(target)),
      known_(known),
      events_(std::move(events)),
      pause_(kFirstPause) {
  later_ = loop_.at(now(), "build feed", [this] { connect(); });
}

void BuildFeed::connect() {
  auto call = WaitCall::connect(
      loop_, socket_, {.answered = [this](const Answered& answer) { on_answer(answer); }});
  if (!call) return lose(call.error().message);
  call_ = std::move(*call);
  // The builds that ended while nobody listened are not waited for again: first what is now.
  ask(false);
}

void BuildFeed::tell_again() {
  known_ = BuildId();
  call_.reset();
  later(&BuildFeed::connect);
}

void BuildFeed::ask(bool for_next) {
  api::WaitParams params{.target = target_};
  if (for_next) params.after = known_;
  call_->ask(params);
}

void BuildFeed::on_answer(const Answered& answer) {
  if (!answer) return lose(answer.error().message);
  if (lost_) {
    lost_ = false;
    events_.back();
  }
  const bool is_news =
      says_how_a_build_ended(*answer) ? answer->build != known_ : answer->reason != told_reason_;
  if (is_news) {
    known_ = answer->build;
    told_reason_ = says_how_a_build_ended(*answer) ? std::string() : answer->reason;
    pause_ = kFirstPause;
    events_.settled(*answer);
  }
  if (says_how_a_build_ended(*answer)) return ask_next();
  later(&BuildFeed::ask_next);
}

void BuildFeed::lose(const std::string& why) {
  call_.reset();
  if (!lost_) {
    lost_ = true;
    pause_ = kFirstPause;
    events_.lost(why);
  }
  later(&BuildFeed::connect);
}

void BuildFeed::later(void (BuildFeed::*what)()) {
  later_ = loop_.at(now() + pause_, "build feed", [this, what] { (this->*what)(); });
  pause_ = std::min<Duration>(pause_ * 2, kLongestPause);
}

}  // namespace poltergeist::polter
