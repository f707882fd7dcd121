# SPDX-License-Identifier: MIT
import unittest

from words import count_words


class CountWords(unittest.TestCase):
    def test_words_are_counted_in_lower_case(self):
        self.assertEqual(count_words("The cat, the hat")["the"], 2)

    def test_letters_of_all_alphabets_make_words(self):
        self.assertEqual(count_words("Übung, übung")["übung"], 2)

    def test_an_empty_text_has_no_words(self):
        self.assertEqual(count_words("  \n"), {})


if __name__ == "__main__":
    unittest.main()
