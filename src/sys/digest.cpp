// SPDX-License-Identifier: MIT
#include "sys/digest.h"

#include <sha2.h>

#include <array>
#include <cstdint>

namespace poltergeist {

std::string sha256(std::string_view text) {
  std::array<char, SHA256_DIGEST_STRING_LENGTH> hex{};
  ::SHA256Data(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), hex.data());
  return {hex.data(), hex.size() - 1};
}

}  // namespace poltergeist
