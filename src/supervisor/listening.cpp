// SPDX-License-Identifier: MIT
#include "supervisor/listening.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "process/port_holder.h"

namespace poltergeist::supervisor {

namespace {

// Those of the settings, with their ports, and their paths absolute; without those whose port is
// not chosen yet.
std::vector<ListenAddress> addresses_of(const Settings& settings, std::optional<int> port) {
  std::vector<ListenAddress> addresses;
  for (auto address : settings.auto_run.listen) {
    const bool is_local = address.kind == ListenAddress::Kind::Local;
    if (is_local) address.path = (settings.root / address.path).lexically_normal().string();
    if (!is_local && address.port == 0) address.port = port.value_or(0);
    if (is_local || address.port != 0) addresses.push_back(std::move(address));
  }
  return addresses;
}

std::optional<process::PortHolder> holder_of(const ListenAddress& address) {
  if (address.kind == ListenAddress::Kind::Local) return process::holder_of_socket(address.path);
  return process::holder_of_port(address.port);
}

Result<ServerSocket> open_named(const ListenAddress& address) {
  auto socket = ServerSocket::open(address);
  if (socket || socket.error().code != Errc::Busy) return socket;
  const auto holder = holder_of(address);
  // Not Errc::Busy: nobody ends within a second because we wait.
  return fail(Errc::Unavailable, "{}{}: choose another one, or end what has it",
              socket.error().message, holder ? " by " + process::describe(*holder) : std::string());
}

}  // namespace

Result<void> Listening::open(const Settings& settings, std::optional<int> port) {
  keep_named(settings, port);
  std::erase_if(held_, [](const Held& held) { return !held.socket.restore(); });
  const auto named = addresses_of(settings, port);
  std::vector<Held> opened;
  for (const auto& address : named) {
    if (std::ranges::find(held_, address, &Held::address) != held_.end()) continue;
    auto socket = open_named(address);
    if (!socket) return fail(socket.error());
    opened.push_back({address, *std::move(socket)});
  }
  std::ranges::move(opened, std::back_inserter(held_));
  std::ranges::sort(held_, {},
                    [&](const Held& held) { return std::ranges::find(named, held.address); });
  return {};
}

void Listening::keep_named(const Settings& settings, std::optional<int> port) {
  const auto named = addresses_of(settings, port);
  std::erase_if(held_, [&](const Held& held) {
    return std::ranges::find(named, held.address) == named.end();
  });
}

std::vector<process::PassedFd> Listening::handover(const std::string& name) const {
  std::vector<process::PassedFd> passed;
  for (const auto& held : held_) passed.push_back({held.socket.fd(), name});
  return passed;
}

std::vector<int> Listening::ports() const {
  std::vector<int> ports;
  for (const auto& held : held_) {
    if (held.address.kind != ListenAddress::Kind::Local) ports.push_back(held.address.port);
  }
  return ports;
}

std::vector<std::string> Listening::addresses() const {
  std::vector<std::string> texts;
  for (const auto& held : held_) texts.push_back(to_text(held.address));
  return texts;
}

}  // namespace poltergeist::supervisor
