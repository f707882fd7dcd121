// SPDX-License-Identifier: MIT
#include "watch/fingerprint.h"

#include <xxhash.h>

#include <charconv>

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
  // The path's hash seeds that of the numbers, so nothing has to be copied together.
  const XXH128_hash_t name = XXH3_128bits(path.data(), path.size());
  const std::uint64_t numbers[] = {
      name.high64, stamp.size, static_cast<std::uint64_t>(stamp.modified), stamp.inode, stamp.mode};
  const XXH128_hash_t hash = XXH3_128bits_withSeed(numbers, sizeof numbers, name.low64);
  Fingerprint print;
  print.high_ = hash.high64;
  print.low_ = hash.low64;
  return print;
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
