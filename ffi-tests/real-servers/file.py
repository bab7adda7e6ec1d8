#!/usr/bin/python3
"""CGI: sends a file without a length, in two pieces."""

import os
import sys
import time

name = os.path.basename(os.environ["PATH_INFO"])
with open(os.path.join(os.environ["WORK"], "files", name), "rb") as file:
    content = file.read()
output = sys.stdout.buffer
output.write(b"Content-Type: application/octet-stream\r\n\r\n" + content[: len(content) // 2])
output.flush()
# If a server had the whole body at once, it might add a length.
time.sleep(0.1)
output.write(content[len(content) // 2 :])
