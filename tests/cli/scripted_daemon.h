// SPDX-License-Identifier: MIT
// A project in a directory of the test's own, and a daemon for it that answers each method as the
// test has written it down. The real `poltergeist` is run against it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/messages.h"
#include "state/state_dir.h"
#include "support/program.h"
#include "support/temp_dir.h"
#include "sys/file_lock.h"
#include "sys/unique_fd.h"

namespace poltergeist::test {

// A project with one target, "app", whose sources are in src/.
class CliProject {
 public:
  CliProject();

  [[nodiscard]] Ran run(const std::vector<std::string>& words) const;
  [[nodiscard]] Call plan(const std::vector<std::string>& words) const;
  [[nodiscard]] std::filesystem::path root() const { return dir_ / "project"; }
  [[nodiscard]] state::ProjectPaths paths() const;
  [[nodiscard]] const TempDir& dir() const { return dir_; }

 private:
  TempDir dir_;
};

class ScriptedDaemon {
 public:
  // What one request is answered with: first the notes, then the outcome.
  struct Script {
    std::vector<api::Notification> notes;
    tl::expected<api::Json, api::RpcError> outcome = api::Json::object();
    bool hang_up = false;  // instead of the outcome: the daemon is gone, its lock is free
  };
  // Hello: greets. Silent: accepts and says nothing, as one that is stopped.
  enum class Greeting { Hello, Silent };

  explicit ScriptedDaemon(const CliProject& project, Greeting greeting = Greeting::Hello);
  ScriptedDaemon(const ScriptedDaemon&) = delete;
  ScriptedDaemon& operator=(const ScriptedDaemon&) = delete;
  ~ScriptedDaemon();

  // Its connections end and its lock is free.
  void end();
  void on(std::string_view method, Script script);
  // The params of the last request of a method; null if there was none.
  [[nodiscard]] api::Json asked(std::string_view method) const;

 private:
  void serve();
  void serve_connection(int fd);
  // False when the connection is to be closed.
  bool answer(int fd, const api::Request& request);

  Greeting greeting_;
  std::string root_;
  std::unique_ptr<FileLock> lock_;
  UniqueFd listener_;
  mutable std::mutex mutex_;  // guards the scripts and what was asked
  std::map<std::string, Script, std::less<>> scripts_;
  std::map<std::string, api::Json, std::less<>> asked_;
  Pipe end_;
  std::thread thread_;
};

}  // namespace poltergeist::test
