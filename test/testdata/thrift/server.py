"""A server made with Apache Thrift's Python library and generated code: server.py GENERATED SERVICE HANDLER TRANSPORT PROTOCOL PORT.

HANDLER is a Python file with a class Handler. Each call is a line on standard output: its method's name.
"""

import logging
import os
import sys
from importlib import import_module
from runpy import run_path

generated, service, handler, carrier, protocol, port = sys.argv[1:]
sys.path.insert(0, generated)
logging.disable(logging.CRITICAL)

from thrift.protocol import TBinaryProtocol, TCompactProtocol, THeaderProtocol, TJSONProtocol  # noqa: E402
from thrift.server import TServer  # noqa: E402
from thrift.transport import TSocket, TTransport  # noqa: E402

carriers = {
    "framed": TTransport.TFramedTransportFactory(),
    "buffered": TTransport.TBufferedTransportFactory(),
    "header": TTransport.TTransportFactoryBase(),
}
protocols = {
    "binary": TBinaryProtocol.TBinaryProtocolFactory(),
    "compact": TCompactProtocol.TCompactProtocolFactory(),
    "json": TJSONProtocol.TJSONProtocolFactory(),
}
proto = THeaderProtocol.THeaderProtocolFactory() if carrier == "header" else protocols[protocol]


class Counting:
    """The handler, with each call told."""

    def __init__(self, handler):
        self.handler = handler

    def __getattr__(self, name):
        os.write(1, name.encode() + b"\n")  # at once, whatever other threads write
        return getattr(self.handler, name)


processor = import_module(service).Processor(Counting(run_path(handler)["Handler"]()))
listener = TSocket.TServerSocket(host="127.0.0.1", port=int(port))
TServer.TThreadedServer(processor, listener, carriers[carrier], proto, daemon=True).serve()
