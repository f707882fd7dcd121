// SPDX-License-Identifier: MIT
#include "watch/bser_promise.h"

#include "watch/bser.h"

namespace poltergeist::test {

std::string broken_bser_promise(std::string_view bytes) {
  const auto size = watch::bser_size(bytes);
  if (!size) {
    return watch::decode_bser(bytes) ? "what begins as no message was decoded as one" : "";
  }
  if (!*size || **size > bytes.size()) {
    return watch::decode_bser(bytes) ? "a message was decoded before it was whole" : "";
  }
  const auto decoded = watch::decode_bser(bytes.substr(0, **size));
  if (!decoded) return {};
  // Bytes are compared, for there are numbers that equal nothing.
  const auto encoded = watch::encode_bser(*decoded);
  const auto again = watch::decode_bser(encoded);
  return again && watch::encode_bser(*again) == encoded ? "" : "encoded again it means another";
}

}  // namespace poltergeist::test
