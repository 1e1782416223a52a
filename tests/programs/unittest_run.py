import io
import unittest
from unittest import mock


class Shop:
    def price(self, name):
        return {"tea": 2}[name]

    def total(self, names):
        return sum(self.price(name) for name in names)


class ShopTest(unittest.TestCase):
    def setUp(self):
        self.shop = Shop()

    def test_total(self):
        self.assertEqual(self.shop.total(["tea", "tea"]), 4)

    def test_unknown(self):
        with self.assertRaises(KeyError):
            self.shop.price("gold")

    def test_mocked(self):
        with mock.patch.object(Shop, "price", return_value=3) as price:
            self.assertEqual(self.shop.total(["x"]), 3)
        price.assert_called_once_with("x")

    @unittest.skip("not today")
    def test_skipped(self):
        self.fail()

    def test_parts(self):
        for number in range(2):
            with self.subTest(number=number):
                self.assertLess(number, 2)


suite = unittest.defaultTestLoader.loadTestsFromTestCase(ShopTest)
result = unittest.TextTestRunner(stream=io.StringIO(), verbosity=2).run(suite)
assert (len(result.failures), len(result.skipped)) == (0, 1)
