"""A relay that breaks the first connections once enough bytes went one way: what networks do to long transfers.

It carries bytes as they are, so it stands before http and https alike.
"""

import socket
import struct
import threading


class Flaky:
    def __init__(self, server, upload_bytes=None, download_bytes=None, connections=1):
        host, port = server.rsplit(":", 1)
        self.server = (host.strip("[]"), int(port))
        self.limits = (upload_bytes, download_bytes)
        self.left, self.broken = connections, 0
        self.turn = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.server)
            for source, target, limit in ((near, far, self.limits[0]), (far, near, self.limits[1])):
                threading.Thread(target=self.carry, args=(source, target, limit), daemon=True).start()

    def carry(self, source, target, limit):
        carried = 0
        try:
            while data := source.recv(65536):
                target.sendall(data)
                carried += len(data)
                if limit is not None and carried >= limit and self.may_break():
                    for end in (source, target):
                        # Lingering for no time makes it a reset, which both ends notice.
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        end.shutdown(socket.SHUT_RDWR)
                        end.close()
                    return
            target.shutdown(socket.SHUT_WR)
        except OSError:
            # The other direction broke it.
            pass

    def may_break(self):
        with self.turn:
            if self.broken >= self.left:
                return False
            self.broken += 1
            return True
