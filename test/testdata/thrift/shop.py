"""Answers for examples/protocols/shop.thrift."""

from shop.ttypes import SoldOut


class Handler:
    def echo(self, message):
        return message

    def order(self, order):
        if order.item == "gone":
            raise SoldOut(item=order.item)
        if order.item != "pear" or order.count != 3 or order.wishes != {"wrap": ["paper", "bow"]}:
            raise ValueError(order)

    def visited(self, page):
        assert page == "/pears"
