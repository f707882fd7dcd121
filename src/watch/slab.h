// SPDX-License-Identifier: MIT
// Many small records by number: they never move, a freed number is used again, and growing copies
// nothing. Number 0 is never given out. Whether a number is in use is the caller's to know.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace poltergeist::watch {

template <typename T>
class Slab {
 public:
  [[nodiscard]] T& operator[](std::uint32_t number) {
    return chunks_[number / kChunk][number % kChunk];
  }
  [[nodiscard]] const T& operator[](std::uint32_t number) const {
    return chunks_[number / kChunk][number % kChunk];
  }

  // A record as T{} makes it.
  [[nodiscard]] std::uint32_t take() {
    if (!free_.empty()) {
      const std::uint32_t number = free_.back();
      free_.pop_back();
      return number;
    }
    if (used_ % kChunk == 0 || chunks_.empty()) chunks_.push_back(std::make_unique<T[]>(kChunk));
    return used_++;
  }
  void give_back(std::uint32_t number) {
    (*this)[number] = T{};
    free_.push_back(number);
  }

  // One more than the greatest number ever given out.
  [[nodiscard]] std::uint32_t end() const { return used_; }
  [[nodiscard]] std::size_t size() const { return used_ - 1 - free_.size(); }

 private:
  static constexpr std::uint32_t kChunk = 512;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t used_ = 1;
};

}  // namespace poltergeist::watch
