// SPDX-License-Identifier: MIT
#include "base/secret_names.h"

#include <catch2/catch.hpp>

namespace poltergeist {

TEST_CASE("a variable is a secret by the end of its name") {
  for (const auto* name : {"API_KEY", "DB_PASSWORD", "GITHUB_TOKEN", "CLIENT_SECRET",
                           "AWS_CREDENTIAL", "npm_token", "_KEY", "INPUT_API_KEY"}) {
    CAPTURE(name);
    CHECK(is_secret_name(name));
  }
}

TEST_CASE("other variables are none") {
  for (const auto* name :
       {"KEY", "TOKEN", "PATH", "KEY_FILE", "MONKEY", "TOKENS", "API_KEYS", "PASSWORD_FILE", ""}) {
    CAPTURE(name);
    CHECK_FALSE(is_secret_name(name));
  }
}

}  // namespace poltergeist
