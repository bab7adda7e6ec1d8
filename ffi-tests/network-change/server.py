"""A slow server for network-change.sh: port 80 and, with TLS, port 443 of every address.

It sends an endless body 16 KiB at a time, or reads one equally slowly, so that every transfer stays in progress.
"""

import socket
import ssl
import sys
import threading
import time

PIECE = 16 * 1024
PAUSE = 0.02


def read_head(connection):
    """Reads the request's first bytes, up to the empty line. Discards body bytes that arrived with them."""
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(PIECE)
        if not received:
            return None
        head += received
    return head.split(b"\r\n\r\n")[0].decode("latin-1")


def serve(connection, context):
    """Serves one connection until it or the client ends it."""
    try:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        while head := read_head(connection):
            if "/small " in head:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                continue
            if head.startswith("GET"):
                # Without a length the body ends with the connection. A client must not mistake the failure for that end.
                length = "" if "/no-length " in head else f"Content-Length: {100 << 20}\r\n"
                connection.sendall(f"HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\n".encode())
            while True:
                if head.startswith("GET"):
                    connection.sendall(b"x" * PIECE)
                elif not connection.recv(PIECE):
                    return
                time.sleep(PAUSE)
    except OSError:
        pass


def listen(port, context):
    """Accepts connections forever."""
    with socket.create_server(("", port)) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, context), daemon=True).start()


def main():
    """Prints `namespace`, waits for `networks`, and prints `ready`."""
    certificate, key, ready = sys.argv[1:]
    with open(ready, "w", encoding="ascii") as file:
        file.write("namespace\n")
    with open(ready, encoding="ascii") as file:
        assert file.readline() == "networks\n"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    threading.Thread(target=listen, args=(80, None), daemon=True).start()
    with socket.create_server(("", 443)) as listener:
        with open(ready, "w", encoding="ascii") as file:
            file.write("ready\n")
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, context), daemon=True).start()


main()
