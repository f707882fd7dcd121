// SPDX-License-Identifier: MIT
// A Watcher over a temporary directory, with real inotify unless a test brings its own source.
#pragma once

#include <poll.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/rounds.h"
#include "support/temp_dir.h"
#include "sys/clock.h"
#include "watch/inotify_source.h"
#include "watch/poll_source.h"
#include "watch/watcher.h"

namespace poltergeist::test {

using namespace poltergeist::watch;

namespace fs = std::filesystem;

class World {
 public:
  explicit World(std::vector<std::string> watch_paths = {"**"})
      : World(options_for(std::move(watch_paths))) {}
  explicit World(Options options, const fs::path& above = fs::temp_directory_path())
      : directory_(above), options_(std::move(options)) {}

  static Options options_for(std::vector<std::string> watch_paths) {
    Options options;
    options.targets.push_back({.name = "app", .watch_paths = std::move(watch_paths)});
    return options;
  }

  // Begins to watch; files written before are there from the start.
  Watcher& watch() {
    auto source = InotifySource::create();
    REQUIRE(source);
    return watch_with(std::move(*source));
  }
  Watcher& watch_with(std::unique_ptr<ChangeSource> source) {
    auto watcher = Watcher::create(root(), options_, std::move(source), now());
    if (!watcher) FAIL(watcher.error().message);
    watcher_ = std::move(*watcher);
    return *watcher_;
  }
  Watcher& operator*() { return *watcher_; }
  Watcher* operator->() { return watcher_.get(); }

  // What changed until now: "+a -b *c =d", by path; =d: rewritten with the same bytes.
  std::string changes() { return text_of(watcher_->sync(now())); }
  static std::string text_of(const Batch& batch) {
    std::string text;
    for (const auto& change : batch.changes) {
      if (!text.empty()) text += ' ';
      text += change.kind == Change::Kind::Created    ? '+'
              : change.kind == Change::Kind::Modified ? '*'
              : change.kind == Change::Kind::Deleted  ? '-'
                                                      : '=';
      text += change.path.text();
    }
    return text;
  }

  [[nodiscard]] fs::path root() const { return directory_ / "root"; }
  [[nodiscard]] fs::path outside() const { return directory_ / "outside"; }
  [[nodiscard]] fs::path operator/(std::string_view name) const { return root() / name; }
  fs::path write(std::string_view name, std::string_view text = "x") const {
    return directory_.write("root/" + std::string(name), text);
  }
  void append(std::string_view name, std::string_view text = "more") const {
    std::ofstream(root() / name, std::ios::app) << text;
  }
  void make(std::string_view name) const { fs::create_directories(root() / name); }
  void remove(std::string_view name) const { fs::remove_all(root() / name); }
  void move(std::string_view from, std::string_view to) const {
    fs::rename(root() / from, root() / to);
  }
  Options& options() { return options_; }

  // A watcher that begins now. It polls: closing an inotify instance takes milliseconds.
  [[nodiscard]] std::unique_ptr<Watcher> fresh() const {
    auto source = std::make_unique<PollSource>(Milliseconds(1000));
    auto watcher = Watcher::create(root(), options_, std::move(source), now());
    REQUIRE(watcher);
    return std::move(*watcher);
  }
  [[nodiscard]] Counters fresh_counters() const { return fresh()->counters(); }
  bool is_converged(std::size_t target = 0) {
    const auto other = fresh();
    return watcher_->fingerprint(target) == other->fingerprint(target) &&
           watcher_->file_count(target) == other->file_count(target);
  }
  bool has_waiting_hints() const {
    pollfd one{.fd = watcher_->fd(), .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, 0) == 1;
  }

 private:
  TempDir directory_;
  bool made_ = fs::create_directories(directory_.path() / "root") &&
               fs::create_directories(directory_.path() / "outside");
  Options options_;
  std::unique_ptr<Watcher> watcher_;
};

}  // namespace poltergeist::test
