# SPDX-License-Identifier: Apache-2.0
"""A client of CRI's streaming server: Kubernetes' channels (v4.channel.k8s.io) over a websocket
(RFC 6455). Each message begins with the number of its channel."""

import base64
import json
import os
import select
import socket
import struct
import threading
from urllib.parse import urlsplit

from settings import PATIENCE

STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)
CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Channels:
    def __init__(self, url):
        self.received = {STDOUT: b"", STDERR: b"", ERROR: b""}
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), PATIENCE)
        self._sending = threading.Lock()
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Origin: http://{parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n".encode())
        answer = b""
        # Not a byte too many: frames may follow.
        while not answer.endswith(b"\r\n\r\n"):
            answer += self._exactly(1)
        if not answer.startswith(b"HTTP/1.1 101 "):
            raise AssertionError(f"the streaming server answers {answer!r}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Hangs up, as a client does that detaches. A thread may be sending or receiving."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    # -- Messages --

    def send(self, channel, data):
        for start in range(0, len(data), 32000):
            self._frame(BINARY, bytes([channel]) + data[start:start + 32000])

    def resize(self, width, height):
        self.send(RESIZE, json.dumps({"Width": width, "Height": height}).encode())

    def _frame(self, opcode, payload):
        length = (bytes([0x80 | len(payload)]) if len(payload) < 126
                  else struct.pack("!BH", 0x80 | 126, len(payload)))
        # A mask of zeros leaves the payload as it is: no proxy is to be fooled here.
        with self._sending:
            self._socket.sendall(bytes([0x80 | opcode]) + length + bytes(4) + payload)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self._socket.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def _receive_frame(self):
        first, length = self._exactly(2)
        if length == 126:
            length, = struct.unpack("!H", self._exactly(2))
        elif length == 127:
            length, = struct.unpack("!Q", self._exactly(8))
        return first & 0x80, first & 0x0F, self._exactly(length)

    def receive(self):
        """Adds the next message to what was received; false at the end."""
        message = b""
        while True:
            try:
                final, opcode, payload = self._receive_frame()
            except (EOFError, ConnectionError):
                return False
            if opcode == PING:
                self._frame(PONG, payload)
            elif opcode == CLOSE:
                return False
            elif opcode in (CONTINUED, TEXT, BINARY):
                message += payload
                if final:
                    break
        if message:
            self.received[message[0]] += message[1:]
        return True

    def receive_within(self, seconds):
        """The next message, if one comes."""
        if select.select([self._socket], [], [], seconds)[0]:
            return self.receive()
        return False

    # -- Whole streams --

    def receive_all(self):
        while self.receive():
            pass
        return self.received[STDOUT], self.received[STDERR], self.status()

    def status(self):
        """The exit status: the last channel says "Success", or a cause with a code."""
        result = json.loads(self.received[ERROR] or "{}")
        if result.get("status") == "Success":
            return 0
        for cause in result.get("details", {}).get("causes", []):
            if cause.get("reason") == "ExitCode":
                return int(cause["message"])
        return result.get("message")

    def exchange(self, data):
        """Sends input while all output is received: either would block the other."""
        sender = threading.Thread(target=self.send, args=(STDIN, data), daemon=True)
        sender.start()
        try:
            return self.receive_all()
        finally:
            sender.join(PATIENCE)
