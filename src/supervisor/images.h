// SPDX-License-Identifier: MIT
// The launch images of one runner: one for each generation that may be launched again, and no
// others. They are begun at once, so that nothing is written to the artifact from then on, and
// copied by a second thread: a large program takes longer than the loop may stand still.
#pragma once

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>

#include "base/id.h"
#include "process/launch_image.h"
#include "sys/worker.h"

namespace poltergeist::supervisor {

class Images {
 public:
  enum class State {
    None,     // it is launched from its path
    Copying,  // `on_copied` will tell
    Busy,     // the artifact is being written: begin() again, or launch something newer
    Ready
  };

  // `on_notice`: why there can be no image, for people; not the same twice in a row. Both are
  // called from the loop.
  Images(Loop& loop, std::function<void()> on_copied,
         std::function<void(const std::string&)> on_notice);

  void begin(BuildId generation, const std::filesystem::path& artifact);
  [[nodiscard]] State state_of(BuildId generation) const;
  // In State::Ready.
  [[nodiscard]] const process::LaunchImage& of(BuildId generation) const;
  // Lets go of all others.
  void keep_only(std::initializer_list<BuildId> generations);

 private:
  struct Entry {
    State state = State::Copying;
    std::shared_ptr<process::LaunchImage> image;  // shared with the thread that copies
  };
  void settle(BuildId generation, const std::shared_ptr<process::LaunchImage>& image,
              const Result<void>& copied);
  void give_up(BuildId generation, const Error& why);

  std::function<void()> on_copied_;
  std::function<void(const std::string&)> on_notice_;
  std::map<BuildId, Entry> entries_;
  std::string said_;
  Worker worker_;
};

}  // namespace poltergeist::supervisor
