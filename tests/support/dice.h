// SPDX-License-Identifier: MIT
// Random numbers that are the same each time.
#pragma once

#include <cstdint>

namespace poltergeist::test {

// splitmix64: a random history costs microseconds, seeding a Mersenne twister would cost more.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t roll() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
    return z ^ (z >> 31U);
  }
  int below(int end) { return static_cast<int>(roll() % static_cast<std::uint64_t>(end)); }
  bool one_in(int chances) { return below(chances) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace poltergeist::test
