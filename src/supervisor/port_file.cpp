// SPDX-License-Identifier: MIT
#include "supervisor/port_file.h"

#include <utility>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/files.h"

namespace poltergeist::supervisor {

namespace {

constexpr int kMostPort = 65'535;

}  // namespace

std::optional<int> port_in_file(const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text) return std::nullopt;
  const auto port = parse_number(trimmed(*text));
  if (!port || *port < 1 || *port > kMostPort) return std::nullopt;
  return static_cast<int>(*port);
}

void PortFile::forget(const std::filesystem::path& file) {
  std::error_code error;
  // Never what is no file: the path is the configuration's.
  if (std::filesystem::is_regular_file(std::filesystem::symlink_status(file, error))) {
    std::filesystem::remove(file, error);
  }
}

PortFile::PortFile(Loop& loop, std::filesystem::path file, std::function<void(int port)> on_port)
    : loop_(loop), file_(std::move(file)), on_port_(std::move(on_port)) {
  looks_ = loop_.at(now(), "a port file", [this] { look(); });
}

void PortFile::look() {
  if (const auto port = port_in_file(file_)) {
    const auto on_port = std::move(on_port_);
    return on_port(*port);  // may destroy this
  }
  looks_ = loop_.at(now() + schedule_.take_pause(), "a port file", [this] { look(); });
}

}  // namespace poltergeist::supervisor
