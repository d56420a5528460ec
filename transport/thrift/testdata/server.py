"""A server made with Apache Thrift's Python library and generated code: server.py GENERATED KIND TRANSPORT PROTOCOL.

It listens on a free port of 127.0.0.1, prints it, and ends with its standard input.
"""

import logging
import os
import sys
import threading

generated, kind, carrier, protocol = sys.argv[1:]
sys.path.insert(0, generated)
logging.disable(logging.CRITICAL)

from shop import Shop  # noqa: E402
from shop_types.ttypes import Item, OutOfStock, Size  # noqa: E402
from thrift.protocol import TBinaryProtocol, TCompactProtocol, THeaderProtocol, TJSONProtocol  # noqa: E402
from thrift.server import TNonblockingServer, TServer  # noqa: E402
from thrift.transport import TSocket, TTransport  # noqa: E402


class Handler:
    """Answers what the test expects."""

    def __init__(self):
        self.visitors = 0

    def ping(self):
        pass

    def find(self, name):
        if name == "gone":
            raise OutOfStock(item=name, left=-3)
        return Item(name=name, size=Size.LARGE, price=2.5, picture=b"\x00\xff")

    def shelves(self, names):
        return {n: [Item(name=n + str(i), size=Size.SMALL) for i in range(3)] for n in names}

    def pay(self, how):
        if how.cents is not None:
            return "cents %d" % how.cents
        return "voucher " + how.voucher

    def visit(self, who):
        self.visitors += 1

    def visits(self):
        return self.visitors

    def crash(self):
        raise RuntimeError("boom")

    def sum(self, numbers):
        return sum(numbers)


class Listener(TSocket.TServerSocket):
    """Tells its port."""

    def listen(self):
        super().listen()
        print(self.handle.getsockname()[1], flush=True)


def watch():
    """Ends with the test."""
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=watch, daemon=True).start()

protocols = {
    "binary": TBinaryProtocol.TBinaryProtocolFactory(),
    "compact": TCompactProtocol.TCompactProtocolFactory(),
    "json": TJSONProtocol.TJSONProtocolFactory(),
}
carriers = {
    "framed": TTransport.TFramedTransportFactory(),
    "buffered": TTransport.TBufferedTransportFactory(),
    "header": TTransport.TTransportFactoryBase(),
}
proto = protocols[protocol]
if carrier == "header":
    proto = THeaderProtocol.THeaderProtocolFactory()

processor = Shop.Processor(Handler())
listener = Listener(host="127.0.0.1", port=0)
if kind == "nonblocking":
    TNonblockingServer.TNonblockingServer(processor, listener, proto, threads=2).serve()
else:
    kinds = {
        "simple": TServer.TSimpleServer,
        "threaded": TServer.TThreadedServer,
        "pool": TServer.TThreadPoolServer,
        "forking": TServer.TForkingServer,
    }
    kinds[kind](processor, listener, carriers[carrier], proto).serve()
