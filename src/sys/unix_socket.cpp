// SPDX-License-Identifier: MIT
#include "sys/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace poltergeist {

namespace {

constexpr int kBacklog = 128;

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  const std::string& text = path.native();
  if (text.size() > kLongestSocketPath) {
    return fail(
        Errc::Invalid,
        "{}: too long for a socket ({} bytes, {} are possible); set POLTERGEIST_STATE_DIR to "
        "a shorter directory",
        text, text.size(), kLongestSocketPath);
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  text.copy(address.sun_path, text.size());
  return address;
}

// sockaddr_un is meant to be passed as the sockaddr that it begins like.
const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

enum class Waiting { Yes, No };
Result<UniqueFd> new_socket(Waiting waiting) {
  const int flags = SOCK_CLOEXEC | (waiting == Waiting::No ? SOCK_NONBLOCK : 0);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | flags, 0));
  if (!socket) return fail_errno("creating a socket");
  return socket;
}

Result<UniqueFd> bind_at(const std::filesystem::path& path, Waiting waiting) {
  const auto address = address_of(path);
  if (!address) return fail(address.error());
  auto socket = new_socket(waiting);
  if (socket && ::bind(socket->get(), generic(*address), sizeof *address) != 0) {
    return fail_errno("binding {}", path.string());
  }
  return socket;
}

Result<UniqueFd> connect_to(const std::filesystem::path& path, Waiting waiting) {
  const auto address = address_of(path);
  if (!address) return fail(address.error());
  auto socket = new_socket(waiting);
  if (!socket) return socket;
  while (::connect(socket->get(), generic(*address), sizeof *address) != 0) {
    if (errno != EINTR) return fail_errno("connecting to {}", path.string());
  }
  return socket;
}

Result<ucred> peer_of(int connection) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return fail_errno("asking who connected");
  }
  return credentials;
}

}  // namespace

Result<UniqueFd> bind_at(const std::filesystem::path& path) {
  return bind_at(path, Waiting::Yes);
}

Result<UniqueFd> listen_at(const std::filesystem::path& path) {
  if (const auto address = address_of(path); !address) return fail(address.error());
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("{}", path.string());
  // The directory is private (0700), so nobody connects between bind and chmod.
  auto socket = bind_at(path, Waiting::No);
  if (!socket) return socket;
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) return fail_errno("{}", path.string());
  if (::listen(socket->get(), kBacklog) != 0) return fail_errno("listening at {}", path.string());
  return socket;
}

Result<UniqueFd> accept_from(int listener) {
  UniqueFd connection(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (connection) return connection;
  if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return UniqueFd();
  return fail_errno("accepting a connection");
}

Result<UniqueFd> connect_to(const std::filesystem::path& path) {
  return connect_to(path, Waiting::Yes);
}

Result<UniqueFd> connect_at_once(const std::filesystem::path& path) {
  return connect_to(path, Waiting::No);
}

Result<uid_t> peer_uid(int connection) {
  const auto peer = peer_of(connection);
  if (!peer) return fail(peer.error());
  return peer->uid;
}

Result<pid_t> peer_pid(int connection) {
  const auto peer = peer_of(connection);
  if (!peer) return fail(peer.error());
  return peer->pid;
}

}  // namespace poltergeist
