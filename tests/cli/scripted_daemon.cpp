// SPDX-License-Identifier: MIT
#include "cli/scripted_daemon.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "api/framing.h"
#include "state/daemon_file.h"
#include "sys/files.h"
#include "sys/unix_socket.h"

namespace poltergeist::test {

namespace {

constexpr std::string_view kConfiguration = R"({
  "version": "1.0",
  "projectType": "mixed",
  "targets": [
    {"name": "app", "type": "executable", "buildCommand": "make", "outputPath": "app",
     "watchPaths": ["src"]}
  ]
})";

void send_all(int fd, std::string_view bytes) {
  std::ignore = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

// Until `fd` has something to read; false when `end` was told first.
bool await_readable(int fd, int end) {
  std::array<pollfd, 2> both{{{fd, POLLIN, 0}, {end, POLLIN, 0}}};
  while (::poll(both.data(), both.size(), -1) < 0) continue;
  return both[1].revents == 0;
}

}  // namespace

CliProject::CliProject() {
  dir_.write("project/poltergeist.config.json", kConfiguration);
  dir_.write("project/src/main.c", "int main;\n");
}

state::ProjectPaths CliProject::paths() const {
  const auto directory = state::state_dir(dir_ / "state");
  if (!directory) throw std::runtime_error(directory.error().message);
  auto paths = state::ProjectPaths::create(*directory, root());
  if (!paths) throw std::runtime_error(paths.error().message);
  return std::move(*paths);
}

Call CliProject::plan(const std::vector<std::string>& words) const {
  Call call{.argv = {POLTERGEIST_BINARY_DIR "/bin/poltergeist"},
            .cwd = root(),
            .env = {{"PATH", "/usr/bin:/bin"},
                    {"TERM", "dumb"},
                    {"HOME", dir_.path()},
                    {"POLTERGEIST_STATE_DIR", dir_ / "state"}},
            .environment = Call::Environment::Alone};
  call.argv.insert(call.argv.end(), words.begin(), words.end());
  return call;
}

Ran CliProject::run(const std::vector<std::string>& words) const {
  return test::run(plan(words));
}

ScriptedDaemon::ScriptedDaemon(const CliProject& project, Greeting greeting)
    : greeting_(greeting), root_(project.root().string()) {
  const auto paths = project.paths();
  auto lock = state::take_project_lock(paths);
  auto listener = listen_at(paths.socket());
  auto end = make_pipe();
  if (!lock || !listener || !end) throw std::runtime_error("the scripted daemon cannot start");
  lock_ = std::make_unique<FileLock>(std::move(*lock));
  listener_ = std::move(*listener);
  end_ = std::move(*end);
  std::ignore = state::write_daemon_file(paths, {.pid = 4711, .project_path = project.root()});
  thread_ = std::thread([this] { serve(); });
}

ScriptedDaemon::~ScriptedDaemon() {
  end();
}

void ScriptedDaemon::end() {
  end_.write_end.reset();
  if (thread_.joinable()) thread_.join();
  listener_.reset();
  lock_.reset();
}

void ScriptedDaemon::on(std::string_view method, Script script) {
  const std::lock_guard guard(mutex_);
  scripts_[std::string(method)] = std::move(script);
}

api::Json ScriptedDaemon::asked(std::string_view method) const {
  const std::lock_guard guard(mutex_);
  const auto found = asked_.find(method);
  return found == asked_.end() ? api::Json() : found->second;
}

void ScriptedDaemon::serve() {
  while (await_readable(listener_.get(), end_.read_end.get())) {
    const UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) serve_connection(connection.get());
    if (!lock_) return;
  }
}

void ScriptedDaemon::serve_connection(int fd) {
  if (greeting_ == Greeting::Hello) {
    const api::Hello hello{.version = "0.1.0", .project = root_, .pid = 4711};
    send_all(fd,
             api::encode(api::Notification{std::string(api::method::kHello), api::to_json(hello)}));
  }
  api::LineReader lines;
  std::array<char, 4096> bytes;
  while (await_readable(fd, end_.read_end.get())) {
    const auto count = ::read(fd, bytes.data(), bytes.size());
    if (count <= 0 || !lines.feed({bytes.data(), static_cast<std::size_t>(count)})) return;
    while (const auto line = lines.take_line()) {
      const auto message = api::decode(*line);
      const auto* request = message ? std::get_if<api::Request>(&*message) : nullptr;
      if (request != nullptr && !answer(fd, *request)) return;
    }
  }
}

bool ScriptedDaemon::answer(int fd, const api::Request& request) {
  Script script;
  {
    const std::lock_guard guard(mutex_);
    asked_[request.method] = request.params;
    const auto found = scripts_.find(request.method);
    if (found != scripts_.end()) script = found->second;
  }
  for (const auto& note : script.notes) send_all(fd, api::encode(note));
  if (script.hang_up) {
    lock_.reset();
    listener_.reset();
    return false;
  }
  send_all(fd, api::encode(api::Response{request.id, script.outcome}));
  return true;
}

}  // namespace poltergeist::test
