// SPDX-License-Identifier: MIT
#include "base/glob_syntax.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using Texts = std::vector<std::string>;

TEST_CASE("braces expand in the order written, nested, with empty alternatives") {
  CHECK(expand_braces("a{b,c{d,e}}f").value() == Texts{"abf", "acdf", "acef"});
  CHECK(expand_braces("{,x}").value() == Texts{"", "x"});
  CHECK(expand_braces("{a,b").value() == Texts{"{a,b"});
  CHECK(expand_braces("{{a,b}").value() == Texts{"{a", "{b"});
}

TEST_CASE("braces and commas in a set are members of it") {
  CHECK(expand_braces("[{,}]").value() == Texts{"[{,}]"});
  CHECK(expand_braces("{a[,],b}").value() == Texts{"a[,]", "b"});
  CHECK(expand_braces("{[}],b}").value() == Texts{"[}]", "b"});
  CHECK(expand_braces("{[a,b]}").value() == Texts{"{[a,b]}"});
  CHECK(expand_braces("{[a,b").value() == Texts{"{[a,b"});
}
