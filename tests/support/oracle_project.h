// SPDX-License-Identifier: MIT
// A project whose only build writes down what it was built from, outside of all that is watched. It
// has converged when that is what a test finds there, and nothing builds any more.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "support/oracle.h"
#include "support/test_project.h"
#include "support/watchman.h"

namespace poltergeist::test {

class OracleProject : public TestProject {
 public:
  // Watches `src/**` of the root, which is made; `watcher` are keys of that section. The back end
  // is that of POLTERGEIST_TEST_BACKEND.
  explicit OracleProject(nlohmann::json watcher = nlohmann::json::object());
  // Writes the configuration again, for a root that is another now.
  void configure_again() const { configure(configuration_); }

  [[nodiscard]] std::filesystem::path src() const { return root() / "src"; }
  // Beside the root.
  [[nodiscard]] std::filesystem::path outside() const;

  // Waits until the daemon says that all is built. Empty if so it is, else what is wrong.
  [[nodiscard]] std::string fault() const;
  // The same without asking it: until the last build saw the tree as it is.
  [[nodiscard]] bool converges_by_itself() const;
  [[nodiscard]] std::size_t builds() const;
  // What `status` says of the watching. Throws when the daemon does not.
  [[nodiscard]] nlohmann::json watch_status() const;

  // Builds do not end from then on, until let_builds_end(). await_build() returns when one that
  // began after `earlier` ones has read everything.
  void hold_builds() const;
  [[nodiscard]] bool await_build(std::size_t earlier) const;
  void let_builds_end() const;

 private:
  [[nodiscard]] Result<nlohmann::json> ask(std::string_view method,
                                           const nlohmann::json& params) const;
  // Empty when the daemon has built all that there is now, and it was good.
  [[nodiscard]] std::string what_is_not_fresh() const;
  [[nodiscard]] std::filesystem::path gate() const { return outside() / "gate"; }

  nlohmann::json configuration_;
  mutable int calls_ = 0;
  std::unique_ptr<Watchman> watchman_;  // of its own, where that is tested
};

// The name of the back end that is tested: POLTERGEIST_TEST_BACKEND, or "auto"; so it is, with a
// loud word, if that one is not installed.
[[nodiscard]] std::string tested_backend();

// As rounds(): what all back ends share is looked for with inotify; the others take a quarter.
[[nodiscard]] int backend_rounds(int usually, int in_full);

}  // namespace poltergeist::test
