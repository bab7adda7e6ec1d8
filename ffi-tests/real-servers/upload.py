#!/usr/bin/python3
"""CGI: returns the length and the SHA-256 of the file in a multipart body, which it reads in pieces.

Query: `slow` waits before the answer, `chunked` leaves its length to the server, `keep=N` keeps the body for multipart_cases.py.
"""

import hashlib
import os
import sys
import time

query = os.environ.get("QUERY_STRING", "")
left = int(os.environ["CONTENT_LENGTH"])
kept = None
if query.startswith("keep="):
    kept = open(os.path.join(os.environ["WORK"], "bodies", str(int(query[5:]))), "wb")

boundary = b""
end_of_file = b""
in_file = False
waiting = b""
length = 0
digest = hashlib.sha256()
while left > 0:
    piece = sys.stdin.buffer.read(min(left, 1 << 20))
    if not piece:
        sys.exit("the body ends early")
    left -= len(piece)
    if kept:
        kept.write(piece)
    waiting += piece
    # Fields come before the file. The file's part is the one with a Content-Type.
    if not in_file and b"\r\nContent-Type:" in waiting:
        head_end = waiting.find(b"\r\n\r\n", waiting.index(b"\r\nContent-Type:"))
        if head_end >= 0:
            boundary = waiting[: waiting.index(b"\r\n")]
            end_of_file = b"\r\n" + boundary + b"--\r\n"
            waiting = waiting[head_end + 4 :]
            in_file = True
    if in_file and len(waiting) > len(end_of_file):
        content, waiting = waiting[: -len(end_of_file)], waiting[-len(end_of_file) :]
        length += len(content)
        digest.update(content)
if kept:
    kept.close()
if not in_file or waiting != end_of_file:
    sys.exit("the body is no multipart body with a file at its end")

if query == "slow":
    time.sleep(2)
answer = f"{length} {digest.hexdigest()}\n"
with_length = query != "chunked" and "/chunked/" not in os.environ["REQUEST_URI"]
sys.stdout.write("Content-Type: application/octet-stream\r\n")
if with_length and "/close/" not in os.environ["REQUEST_URI"]:
    sys.stdout.write(f"Content-Length: {len(answer)}\r\n")
sys.stdout.write("\r\n" + answer)
sys.stdout.flush()
if not with_length:
    # If a server had the whole response at once, it might add a length.
    time.sleep(0.1)
