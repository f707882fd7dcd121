import unittest

from web.site import page


class PageTest(unittest.TestCase):
    def test_the_first_page_greets(self):
        self.assertIn("Hello", page("/"))

    def test_there_is_no_other_page(self):
        self.assertIsNone(page("/nowhere"))
