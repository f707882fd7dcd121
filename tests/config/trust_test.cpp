// SPDX-License-Identifier: MIT
#include "config/trust.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::config;

namespace {

constexpr uid_t kUs = 1000;
constexpr uid_t kSomebody = 1001;
const std::filesystem::path kFile = "/home/me/my project/poltergeist.config.json";

std::string verdict(Ownership file, Ownership directory, const TrustedDirectories& trusted = {}) {
  const auto result = trust_of(kFile, file, directory, kUs, trusted);
  if (!result) CHECK(result.error().code == Errc::Denied);
  return result ? "trusted" : result.error().message;
}

}  // namespace

TEST_CASE("what belongs to us or to root, and nobody else can write, is trusted") {
  CHECK(verdict({kUs, 0644}, {kUs, 0755}) == "trusted");
  CHECK(verdict({kUs, 0660}, {kUs, 0770}) == "trusted");
  CHECK(verdict({0, 0644}, {0, 0755}) == "trusted");
}

TEST_CASE("what another user owns is refused, and the message says how to trust it") {
  const std::string how =
      " belongs to another user (uid 1001), and the commands in it would run as you; if you trust "
      "them: poltergeist trust '/home/me/my project'";
  CHECK(verdict({kUs, 0644}, {kSomebody, 0755}) == "/home/me/my project" + how);
  CHECK(verdict({kSomebody, 0644}, {kUs, 0755}) == kFile.string() + how);
}

TEST_CASE("what everybody can write is refused, and the message says how to mend it") {
  CHECK(verdict({kUs, 0644}, {kUs, 0777}) ==
        "everybody can write /home/me/my project, and what they write would run as you; mend it: "
        "chmod o-w '/home/me/my project'");
  CHECK(
      verdict({kUs, 0646}, {kUs, 0755}) ==
      "everybody can write /home/me/my project/poltergeist.config.json, and what they write would "
      "run as you; mend it: chmod o-w '/home/me/my project/poltergeist.config.json'");
  // A sticky directory, like /tmp: nobody can replace our file, but everybody can add sources.
  CHECK(verdict({kUs, 0644}, {0, 01777}) != "trusted");
}

TEST_CASE("a directory that was trusted is trusted, and none above or below it") {
  CHECK(verdict({kSomebody, 0666}, {kSomebody, 0777}, {"/home/me/my project"}) == "trusted");
  CHECK(verdict({kSomebody, 0644}, {kUs, 0755}, {"/home/me", "/home/me/my project/x"}) !=
        "trusted");
}

TEST_CASE("the list of trusted directories survives writing and reading") {
  const TrustedDirectories directories = {"/a", "/b c/ü"};
  CHECK(parse_trusted(to_text(directories)) == directories);
  CHECK(parse_trusted("\n# /x\r\n/a\r\n\nrelative\n/b") == TrustedDirectories{"/a", "/b"});
}

TEST_CASE("a path with a line break cannot smuggle another one into the list") {
  CHECK_FALSE(can_be_listed("/a\n/b"));
  CHECK_FALSE(can_be_listed("relative"));
  CHECK(parse_trusted(to_text(TrustedDirectories{"/a\n/b", "/c"})) == TrustedDirectories{"/c"});
}
