// SPDX-License-Identifier: MIT
// Another program that has the project's database open.
#pragma once

#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

namespace poltergeist::test {

class OtherProgram {
 public:
  explicit OtherProgram(const TempDir& root) {
    REQUIRE(::sqlite3_open((root / ".poltergeist/history.db").c_str(), &connection_) == SQLITE_OK);
  }
  OtherProgram(const OtherProgram&) = delete;
  OtherProgram& operator=(const OtherProgram&) = delete;
  ~OtherProgram() { ::sqlite3_close(connection_); }
  void execute(const char* sql) {
    REQUIRE(::sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }

 private:
  sqlite3* connection_ = nullptr;
};

}  // namespace poltergeist::test
