#!/usr/bin/env python3
"""Makes requests of access log records for Iago (docs/exec-protocol.md), and looks at the responses if it is given them.

Change requests_of and response_of; the rest is the protocol."""

import json
import sys


def requests_of(record):
    """A list of requests; [] leaves the record out, ValueError counts it as bad."""
    uri = record.get("uri")
    if not uri:
        raise ValueError("it has no URI")
    if uri.endswith((".png", ".ico")):
        return []
    return [{
        "method": record.get("method", "GET"),
        "uri": uri,
        "headers": record.get("headers", []) + [["X-Echo", str(record["line"])]],
        "label": uri.split("?")[0].split("/")[1] or "home",
        "tag": record["line"],  # comes back with the response
    }]


def response_of(response):
    """Checks by name, and requests to be made now that there is this response."""
    followups = []
    if response["depth"] == 0 and response["tag"] % 10 == 0:
        followups = [{"uri": "/again", "think_ms": 50, "tag": response["tag"]}]
    return {"checks": {"status 200": response.get("code") == 200}, "followups": followups}


def answer(message):
    if "record" in message:
        number = message["record"]
        try:
            return {"record": number, "requests": requests_of(message)}
        except ValueError as e:
            return {"record": number, "bad": str(e)}
    return {"response": message["response"], **response_of(message)}


def main():
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    hello = json.loads(source.readline())
    if hello["iago"] != 1:
        sys.exit("this program speaks version 1 of the protocol")
    # Standard output is for answers only; whatever else there is to say goes to standard error.
    encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode

    def say(message):
        sink.write(encode(message).encode() + b"\n")
        sink.flush()

    say({"iago": 1, "name": "echo.py", "responses": hello["responses"]})
    rest = b""
    while chunk := source.read1(1 << 20):
        # One read, one JSON text and one write for as many lines as there are: several times quicker than line by line.
        lines, end, rest = (rest + chunk).rpartition(b"\n")
        if end:
            say([answer(m) for m in json.loads(b"[" + lines.replace(b"\n", b",") + b"]")])


if __name__ == "__main__":
    main()
