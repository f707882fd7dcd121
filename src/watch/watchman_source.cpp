// SPDX-License-Identifier: MIT
#include "watch/watchman_source.h"

#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/unix_socket.h"
#include "watch/bser.h"
#include "watch/git_hold.h"

namespace poltergeist::watch {

namespace {

using Json = nlohmann::json;

// As long as anybody who saved a file waits gladly; then the tree is compared instead.
constexpr Milliseconds kPatience{2000};

std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

bool flag_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

bool is_end_of_git_lock(const Hint& hint) {
  return hint.what == Hint::What::Gone && hint.name == GitHold::kLockName;
}

// Watchman's clocks are c:<start>:<process>:<root>:<ticks>: within one of them only the ticks grow.
// True also if that cannot be told: a hint too many costs a look.
bool is_after(std::string_view clock, std::string_view earlier) {
  const auto colon = clock.rfind(':') + 1;
  if (clock.substr(0, colon) != earlier.substr(0, earlier.rfind(':') + 1)) return true;
  const auto ticks = parse_number(clock.substr(colon));
  const auto ticks_before = parse_number(earlier.substr(colon));
  return !ticks || !ticks_before || *ticks > *ticks_before;
}

bool is_unasked(const Json& message) {
  return message.contains("subscription") || flag_in(message, "unilateral");
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

Result<UniqueFd> connect(const std::vector<std::filesystem::path>& sockets) {
  for (const auto& path : sockets) {
    auto socket = connect_to(path);
    if (!socket) continue;
    // Some of the places may be anybody's.
    const auto owner = peer_uid(socket->get());
    if (owner && (*owner == ::geteuid() || *owner == 0)) return std::move(*socket);
  }
  return fail(Errc::Unavailable,
              "no Watchman of this user is running; start it: watchman watch-project .");
}

}  // namespace

std::vector<std::filesystem::path> watchman_sockets() {
  std::vector<std::filesystem::path> sockets;
  if (auto told = from_environment("WATCHMAN_SOCK"); !told.empty()) return {told};
  const auto* entry = ::getpwuid(::geteuid());
  const auto below = (entry == nullptr ? "root" : std::string(entry->pw_name)) + "-state/sock";
  const auto home = from_environment("HOME");
  auto state = from_environment("XDG_STATE_HOME");
  if (state.empty() && !home.empty()) state = home + "/.local/state";
  if (!state.empty()) sockets.push_back(std::filesystem::path(state) / "watchman" / below);
  for (const auto* place : {"/usr/local/var/run/watchman", "/var/run/watchman"}) {
    sockets.push_back(std::filesystem::path(place) / below);
  }
  const auto temporary = from_environment("TMPDIR");
  sockets.push_back(std::filesystem::path(temporary.empty() ? "/tmp" : temporary) / below);
  return sockets;
}

Result<std::unique_ptr<WatchmanSource>> WatchmanSource::create(
    const std::filesystem::path& root, const std::vector<std::filesystem::path>& sockets) {
  auto socket = connect(sockets);
  if (!socket) return fail(socket.error());
  auto beside = InotifyBeside::create(socket->get());
  if (!beside) return fail(beside.error());
  std::unique_ptr<WatchmanSource> source(
      new WatchmanSource(root, std::move(*socket), std::move(*beside)));
  if (const auto begun = source->begin(); !begun) return fail(begun.error(), "watchman");
  return source;
}

WatchmanSource::WatchmanSource(std::filesystem::path root, UniqueFd socket, InotifyBeside beside)
    : root_(std::move(root)), socket_(std::move(socket)), beside_(std::move(beside)) {}

Result<void> WatchmanSource::begin() {
  const auto project = ask({"watch-project", root_.string()});
  if (!project) return fail(project.error());
  watched_ = text_in(*project, "watch");
  relative_root_ = text_in(*project, "relative_path");
  const auto clock = ask({"clock", watched_, {{"sync_timeout", kPatience.count()}}});
  if (!clock) return fail(clock.error());
  clock_ = text_in(*clock, "clock");
  auto options = since();
  // Git's lock does not hold its answers back: that is decided elsewhere.
  options["defer_vcs"] = false;
  const auto name = fmt::format("poltergeist-{}", ::getpid());
  const auto subscribed = ask({"subscribe", watched_, name, options});
  if (!subscribed) return fail(subscribed.error());
  return {};
}

Json WatchmanSource::since() const {
  Json options = {{"since", clock_},
                  {"fields", Json::array({"name", "oclock"})},
                  {"empty_on_fresh_instance", true}};
  if (!relative_root_.empty()) options["relative_root"] = relative_root_;
  return options;
}

// ---- Messages

Result<void> WatchmanSource::send(const std::string& message) const {
  std::string_view left = message;
  while (!left.empty()) {
    const auto sent = ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return fail(Errc::Unavailable, "the connection to Watchman ended");
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<bool> WatchmanSource::receive() {
  std::array<char, 65536> buffer;
  const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count <= 0) return fail(Errc::Unavailable, "the connection to Watchman ended");
  received_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

Result<std::optional<Json>> WatchmanSource::next_message() {
  const auto waiting = std::string_view(received_).substr(used_);
  const auto size = bser_size(waiting);
  if (!size) return fail(size.error(), "Watchman");
  if (!*size || **size > waiting.size()) {
    received_.erase(0, std::exchange(used_, 0));
    return std::optional<Json>();
  }
  auto message = decode_bser(waiting.substr(0, **size));
  if (!message) return fail(message.error(), "Watchman");
  used_ += **size;
  return std::optional(std::move(*message));
}

Result<Json> WatchmanSource::ask(const Json& request) {
  if (const auto sent = send(encode_bser(request)); !sent) return fail(sent.error());
  const auto deadline = now() + kPatience;
  while (true) {
    auto message = next_message();
    if (!message) return fail(message.error());
    if (*message && !is_unasked(**message)) {
      const auto trouble = text_in(**message, "error");
      if (!trouble.empty()) return fail(Errc::Protocol, "{}", trouble);
      return std::move(**message);
    }
    if (*message) {
      if (const auto taken = take(**message); !taken) return fail(taken.error());
      continue;
    }
    const auto left = std::chrono::ceil<Milliseconds>(deadline - now()).count();
    pollfd one{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (left <= 0 || (::poll(&one, 1, static_cast<int>(left)) == 0)) {
      return fail(Errc::Timeout, "Watchman does not answer");
    }
    if (const auto more = receive(); !more) return fail(more.error());
  }
}

Failure WatchmanSource::ceased() const {
  return fail(Errc::Unavailable, "Watchman has ceased to watch {}", root_.string());
}

Result<void> WatchmanSource::take(const Json& message) {
  if (flag_in(message, "canceled")) canceled_ = true;
  if (canceled_) return ceased();
  // It began anew, or lost its thread: its answer says nothing of what was before.
  if (flag_in(message, "is_fresh_instance")) anything_ = true;
  // What comes unasked repeats, after the settling, what a query has answered long before. A look
  // at that again would take what was written through another name of the file for an edit of this.
  if (const auto files = message.find("files"); files != message.end() && files->is_array()) {
    for (const auto& file : *files) {
      if (!file.is_object() || !is_after(text_in(file, "oclock"), clock_)) continue;
      names_.push_back(text_in(file, "name"));
    }
  }
  const auto clock = text_in(message, "clock");
  if (!clock.empty() && is_after(clock, clock_)) clock_ = clock;
  return {};
}

// ---- The source

Result<void> WatchmanSource::sync() {
  auto options = since();
  options["sync_timeout"] = kPatience.count();
  const auto answer = ask({"query", watched_, options});
  if (!answer) return fail(answer.error());
  return take(*answer);
}

Result<WatchToken> WatchmanSource::add(const std::string& directory, Interest interest) {
  if (interest == Interest::Aside || interest == Interest::Above)
    return beside_.add(directory, interest);
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) return fail_errno("watching {}", directory);
  if (!S_ISDIR(status.st_mode)) {
    return fail(Errc::NotFound, "watching {}: not a directory", directory);
  }
  const auto [entry, is_new] = tokens_.try_emplace(directory, last_ + 2);
  if (is_new) {
    last_ += 2;
    paths_.emplace(entry->second, &entry->first);
  }
  return static_cast<WatchToken>(entry->second);
}

void WatchmanSource::remove(WatchToken token) {
  if (beside_.remove(token)) return;
  const auto found = paths_.find(static_cast<std::int32_t>(token));
  if (found == paths_.end()) return;
  tokens_.erase(tokens_.find(*found->second));
  paths_.erase(found);
}

Result<bool> WatchmanSource::read(std::vector<Hint>& hints, Instant now) {
  beside_hints_.clear();
  const auto beside = beside_.read(beside_hints_, now);
  if (!beside) return beside;
  // The lock goes when all else is written. Watchman tells of that later than inotify tells of the
  // lock: it is asked, so that nobody takes half a checkout for the whole.
  const bool git_ended =
      std::any_of(beside_hints_.begin(), beside_hints_.end(), is_end_of_git_lock);
  if (git_ended && !sync()) anything_ = true;
  // Whoever asked has heard it as an answer that failed. It is said once, and it is the end.
  if (canceled_) return ceased();
  while (true) {
    const auto more = receive();
    if (!more) return more;
    if (!*more) break;
  }
  while (true) {
    const auto message = next_message();
    if (!message) return fail(message.error());
    if (!*message) break;
    if (const auto taken = take(**message); !taken) return fail(taken.error());
  }
  const auto before = hints.size();
  if (std::exchange(anything_, false)) hints.push_back({.what = Hint::What::Anything});
  given_.assign(std::make_move_iterator(names_.begin()), std::make_move_iterator(names_.end()));
  names_.clear();
  for (const auto& path : given_) {
    const auto slash = path.rfind('/');
    const auto above =
        slash == std::string::npos ? root_.string() : (root_ / path.substr(0, slash)).string();
    const auto token = tokens_.find(above);
    if (token == tokens_.end()) continue;  // in a directory that nobody wants
    hints.push_back({.what = Hint::What::Changed,
                     .token = static_cast<WatchToken>(token->second),
                     .name = std::string_view(path).substr(slash + 1)});
  }
  hints.insert(hints.end(), beside_hints_.begin(), beside_hints_.end());
  return hints.size() > before || *beside;
}

}  // namespace poltergeist::watch
