// SPDX-License-Identifier: MIT
#include "process/port_holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "process/pidfd.h"
#include "process/process_table.h"
#include "sys/unique_fd.h"
#include "sys/unix_socket.h"

namespace poltergeist::process {

namespace {

using DirectoryStream = std::unique_ptr<DIR, int (*)(DIR*)>;

constexpr std::string_view kListen = "0A";

// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
constexpr std::size_t kLocalAddress = 1;
constexpr std::size_t kState = 3;
constexpr std::size_t kInode = 9;
using Fields = std::array<std::string_view, kInode + 1>;

// Those that are missing are empty.
Fields fields_of(std::string_view line) {
  Fields fields;
  for (auto& field : fields) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    field = line.substr(0, line.find(' '));
    line.remove_prefix(field.size());
  }
  return fields;
}

// Of "0100007F:1F90", or the same with an IPv6 address.
std::optional<int> port_of(std::string_view address) {
  constexpr std::size_t kIpv4Size = 8;
  constexpr std::size_t kIpv6Size = 32;
  constexpr std::size_t kPortSize = 4;
  const auto colon = address.find(':');
  if (colon != kIpv4Size && colon != kIpv6Size) return std::nullopt;
  const auto host = address.substr(0, colon);
  const auto digits = address.substr(colon + 1);
  if (digits.size() != kPortSize) return std::nullopt;
  if (host.find_first_not_of("0123456789ABCDEF") != std::string_view::npos) return std::nullopt;
  int port = 0;
  const auto* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, port, 16);
  if (error != std::errc() || end != last || port <= 0) return std::nullopt;
  return port;
}

// What a descriptor of it is a link to.
std::string link_to_socket(std::uint64_t inode) {
  return fmt::format("socket:[{}]", inode);
}

std::vector<std::string> links_to_listeners(int port) {
  std::vector<std::string> links;
  for (const auto* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      const auto socket = parse_tcp_line(line);
      if (!socket || socket->port != port) continue;
      links.push_back(link_to_socket(socket->inode));
    }
  }
  return links;
}

bool has_one_open(std::string_view pid, const std::vector<std::string>& links) {
  const DirectoryStream open(::opendir(fmt::format("/proc/{}/fd", pid).c_str()), ::closedir);
  if (!open) return false;
  while (const dirent* entry = ::readdir(open.get())) {
    std::array<char, 64> buffer;  // the end of a longer one is not missed: it is none of ours
    const ssize_t count =
        ::readlinkat(::dirfd(open.get()), entry->d_name, buffer.data(), buffer.size());
    const std::string_view link(buffer.data(),
                                static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (std::find(links.begin(), links.end(), link) != links.end()) return true;
  }
  return false;
}

std::optional<pid_t> lowest_with_one_open(const std::vector<std::string>& links) {
  if (links.empty()) return std::nullopt;
  const DirectoryStream processes(::opendir("/proc"), ::closedir);
  if (!processes) return std::nullopt;
  // The kernel lists them by their pids, the lowest first.
  while (const dirent* entry = ::readdir(processes.get())) {
    const auto number = parse_number(entry->d_name);
    if (number && has_one_open(entry->d_name, links)) return static_cast<pid_t>(*number);
  }
  return std::nullopt;
}

// The beginning of it, which is more than is shown. Empty for what is gone.
std::string beginning_of_cmdline(pid_t pid) {
  const UniqueFd fd(::open(fmt::format("/proc/{}/cmdline", pid).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> buffer;
  const ssize_t count = fd ? ::read(fd.get(), buffer.data(), buffer.size()) : -1;
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\0' || c == '\t' || c == '\n'; }, ' ');
  std::string line(trimmed(for_terminal(text)));
  if (line.size() <= kLongestCommand) return line;
  std::size_t end = kLongestCommand;
  while ((static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;  // within a character
  line.resize(end);
  return line;
}

std::string command_of(pid_t pid) {
  auto command = printable(beginning_of_cmdline(pid));
  if (!command.empty()) return command;
  const auto entry = find_process(pid);
  return entry ? printable(entry->name) : "";
}

// The same path may be another file in another mount namespace: a container, a PrivateTmp.
bool shares_our_mounts(pid_t pid) {
  struct stat ours {};
  struct stat theirs {};
  const auto link = fmt::format("/proc/{}/ns/mnt", pid);
  return ::stat("/proc/self/ns/mnt", &ours) == 0 && ::stat(link.c_str(), &theirs) == 0 &&
         ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

}  // namespace

std::optional<ListeningSocket> parse_tcp_line(std::string_view line) {
  const auto fields = fields_of(line);
  const auto port = port_of(fields[kLocalAddress]);
  const auto inode = parse_number(fields[kInode]);
  // An inode of 0 is that of a socket that no process has.
  if (!port || !inode || *inode == 0 || fields[kState] != kListen) return std::nullopt;
  return ListeningSocket{*port, *inode};
}

std::optional<PortHolder> holder_of_port(int port) {
  const auto pid = lowest_with_one_open(links_to_listeners(port));
  if (!pid) return std::nullopt;
  return PortHolder{*pid, command_of(*pid)};
}

std::optional<PortHolder> holder_of_socket(const std::filesystem::path& path) {
  const auto connection = connect_at_once(path);
  if (!connection) return std::nullopt;
  const auto pid = peer_pid(connection->get());
  if (!pid || *pid <= 0) return std::nullopt;  // of another pid namespace
  return PortHolder{*pid, command_of(*pid)};
}

// Num RefCount Protocol Flags Type St Inode Path
std::optional<BoundSocket> parse_unix_line(std::string_view line) {
  constexpr std::string_view kAccepting = "00010000";
  constexpr std::size_t kFlags = 3;
  constexpr std::size_t kUnixInode = 6;
  const auto fields = fields_of(line);
  const auto inode = parse_number(fields[kUnixInode]);
  if (!inode || *inode == 0 || fields[kFlags] != kAccepting) return std::nullopt;
  // Of a path with blanks, all of it: whatever stands behind the one blank after the inode.
  const auto* const end = fields[kUnixInode].data() + fields[kUnixInode].size();
  const auto behind = line.substr(static_cast<std::size_t>(end - line.data()));
  if (behind.size() < 2) return std::nullopt;
  return BoundSocket{*inode, std::string(behind.substr(1))};
}

std::optional<BoundListener> listener_bound_to(const std::filesystem::path& path) {
  std::vector<std::string> links;
  std::ifstream lines("/proc/net/unix");
  for (std::string line; std::getline(lines, line);) {
    const auto socket = parse_unix_line(line);
    if (socket && socket->path == path) links.push_back(link_to_socket(socket->inode));
  }
  for (const auto& link : links) {
    const auto pid = lowest_with_one_open({link});
    if (!pid || !shares_our_mounts(*pid)) continue;
    auto pidfd = open_pidfd(*pid);
    // Whom we hold now may be another one, who has got the number meanwhile.
    if (pidfd && has_one_open(std::to_string(*pid), {link})) {
      return BoundListener{*pid, std::move(*pidfd)};
    }
  }
  return std::nullopt;
}

std::optional<pid_t> stopped_listener(int connection) {
  const auto pid = peer_pid(connection);
  const auto listener = pid ? find_process(*pid) : std::nullopt;
  if (!listener || listener->state != ProcessState::Stopped) return std::nullopt;
  return *pid;
}

std::string describe(const PortHolder& holder) {
  if (holder.command.empty()) return fmt::format("pid {}", holder.pid);
  return fmt::format("pid {} ({})", holder.pid, holder.command);
}

}  // namespace poltergeist::process
