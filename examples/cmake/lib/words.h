// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

// How often each word of a text occurs; words are letters, in lower case.
std::map<std::string, int> count_words(const std::string& text);

// The text in capitals.
std::string shouted(std::string text);
