// SPDX-License-Identifier: MIT
#include "watch/fingerprint.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <cstring>

#include <fmt/format.h>

namespace poltergeist::watch {

namespace {

std::int64_t nanoseconds(const struct timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Stamp Stamp::of(const struct stat& status) {
  return {.size = static_cast<std::uint64_t>(status.st_size),
          .modified = nanoseconds(status.st_mtim),
          .changed = nanoseconds(status.st_ctim),
          .inode = status.st_ino,
          .mode = status.st_mode};
}

Fingerprint Fingerprint::of(std::string_view path, const Stamp& stamp) {
  return of(key_of(path), {}, stamp);
}

Fingerprint Fingerprint::of(std::uint64_t directory, std::string_view name, const Stamp& stamp) {
  const std::uint64_t numbers[] = {stamp.size, static_cast<std::uint64_t>(stamp.modified),
                                   stamp.inode, stamp.mode};
  std::array<char, sizeof numbers + NAME_MAX> bytes;
  const std::size_t length = std::min<std::size_t>(name.size(), NAME_MAX);
  std::memcpy(bytes.data(), numbers, sizeof numbers);
  if (length > 0) std::memcpy(bytes.data() + sizeof numbers, name.data(), length);
  const XXH128_hash_t hash =
      XXH3_128bits_withSeed(bytes.data(), sizeof numbers + length, directory);
  Fingerprint print;
  print.high_ = hash.high64;
  print.low_ = hash.low64;
  return print;
}

std::uint64_t Fingerprint::key_of(std::string_view directory_path) {
  return XXH3_64bits(directory_path.data(), directory_path.size());
}

Fingerprint& Fingerprint::operator+=(const Fingerprint& other) {
  low_ += other.low_;
  high_ += other.high_ + (low_ < other.low_ ? 1 : 0);
  return *this;
}

Fingerprint& Fingerprint::operator-=(const Fingerprint& other) {
  const std::uint64_t borrow = low_ < other.low_ ? 1 : 0;
  low_ -= other.low_;
  high_ -= other.high_ + borrow;
  return *this;
}

std::string Fingerprint::to_hex() const {
  return fmt::format("{:016x}{:016x}", high_, low_);
}

std::optional<Fingerprint> Fingerprint::from_hex(std::string_view text) {
  constexpr std::size_t kDigits = 16;
  if (text.size() != 2 * kDigits) return std::nullopt;
  Fingerprint print;
  const auto read = [](std::string_view digits, std::uint64_t& value) {
    const char* end = digits.data() + digits.size();
    return std::from_chars(digits.data(), end, value, 16).ptr == end;
  };
  if (!read(text.substr(0, kDigits), print.high_)) return std::nullopt;
  if (!read(text.substr(kDigits), print.low_)) return std::nullopt;
  return print;
}

}  // namespace poltergeist::watch
