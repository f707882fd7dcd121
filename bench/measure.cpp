// SPDX-License-Identifier: MIT
#include "measure.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

#include <fmt/format.h>

namespace poltergeist::bench {

std::int64_t monotonic_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto rank = std::ceil(share * static_cast<double>(values.size()));
  return values.at(static_cast<std::size_t>(std::max(rank, 1.0)) - 1);
}

void row(const std::vector<std::string>& cells) {
  fmt::print("| {} |\n", fmt::join(cells, " | "));
  std::fflush(stdout);
}

Stamps::Stamps(std::filesystem::path path) : path_(std::move(path)) {
  ::mkfifo(path_.c_str(), 0600);
  fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
}

Stamps::~Stamps() {
  ::close(fd_);
}

std::string Stamps::command() const {
  return std::string(STAMP_PROGRAM) + " " + path_.string();
}

std::vector<std::string> Stamps::waiting_command() const {
  return {STAMP_PROGRAM, path_.string(), "wait"};
}

std::optional<double> Stamps::after(std::int64_t since, int patience_ms) const {
  const auto end = monotonic_ns() + std::int64_t{patience_ms} * 1'000'000;
  while (true) {
    const auto left = (end - monotonic_ns()) / 1'000'000;
    pollfd waiting{fd_, POLLIN, 0};
    if (left < 0 || ::poll(&waiting, 1, static_cast<int>(left)) != 1) return std::nullopt;
    std::int64_t when = 0;
    if (::read(fd_, &when, sizeof when) != sizeof when) return std::nullopt;
    if (when >= since) return static_cast<double>(when - since) / 1e6;
  }
}

double Stamps::next_after(std::int64_t since) const {
  if (const auto time = after(since, 10'000)) return *time;
  fmt::print(stderr, "no command within 10 s\n");
  std::exit(1);
}

}  // namespace poltergeist::bench
