"""Uploads with hostile names, compared with the browsers' rules and with independent parsers.

    multipart_cases.py write WORK    writes WORK/cases for real_servers.c and multipart_node.js
    multipart_cases.py check WORK    checks WORK/bodies: one line per check, beginning with "ok" or "FAILED"

Node's own `FormData` (WORK/reference), which follows the HTML standard's "multipart/form-data encoding algorithm", defines
the bytes to be sent. Python's `multipart` and `werkzeug`, and npm's `busboy` (WORK/busboy), show how servers parse them.
"""

import io
import json
import pathlib
import re
import sys

NAMES = [
    "plain",
    'quo"te',
    '"',
    "c\rr",
    "l\nf",
    "cr\r\nlf",
    "\n\r\r\n",
    "back\\slash",
    "back\\\\slashes",
    'back\\"quote',
    "end\\",
    "C:\\folder\\file",
    "per%22cent",
    "%0D%0A",
    "100%",
    "semi;colon",
    'a"; filename="b.exe',
    'a"\r\nContent-Type: text/html\r\n\r\n<script>',
    "equals=sign",
    "tab\tinside",
    "\U0001f600 emoji \U0001f469\u200d\U0001f4bb",
    "\u4f60\u597d\uff0c\u4e16\u754c",
    "e\u0301 \u00e9 \u202e\u0645\u0631\u062d\u0628\u0627",
    " leading",
    "trailing ",
    "  both  ",
    " ",
    "../../etc/passwd",
    "--",
    "'single'",
    "UTF-8''x",
    "n" * 2000,
    "\u957f" * 1000,
]
VALUES = ["", "value", "line\nline\rline\r\nline", "--boundary--", 'quo"te %22', "\U0001f600 \u4f60", " spaces ", "v" * 100000]


def cases():
    """The form name of the file, the file's name, and the name and value of a field. Only the form name must not be empty."""
    for number, name in enumerate(NAMES):
        yield name, name, name, VALUES[number % len(VALUES)]
    yield "file", "", "", ""


def in_standard(text):
    """Newlines in names and values become CR LF (the HTML standard, "constructing an entry list")."""
    return re.sub("\r\n|\r|\n", "\r\n", text)


def readings(text):
    """All accepted results of parsing a name. The standard escapes three characters with per cent signs and does not say
    whether a server decodes them. It does not escape backslashes, which are the escapes of the older RFC 2183 and which old
    browsers sent in full Windows paths."""
    escaped = text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    undone = escaped.replace("%0D", "\r").replace("%0A", "\n").replace("%22", '"')
    quotes_undone = escaped.replace("%22", '"')
    found = {escaped, undone, quotes_undone}
    found |= {re.sub(r'\\(["\\])', r"\1", reading) for reading in found}
    found |= {re.sub(r"\\(.)", r"\1", reading) for reading in found}
    if re.match(r"[A-Za-z]:\\", text):
        found.add(text.rpartition("\\")[2])
    return found


def escapes_the_quote(parser, name):
    """These two parsers read a backslash at the end of a name as an escape of the closing quote, also from browsers."""
    return parser in ("werkzeug", "busboy") and name.endswith("\\")


def boundary_of(body):
    return body[2 : body.index(b"\r\n")]


def with_multipart(body):
    import multipart

    parser = multipart.MultipartParser(io.BytesIO(body), boundary_of(body).decode(), content_length=len(body), headersize_limit=1 << 16)
    return [(part.name, part.filename, part.raw) for part in parser.parts()]


def with_werkzeug(body):
    from werkzeug.sansio.multipart import Data, Field, File, MultipartDecoder, NeedData, Epilogue

    decoder = MultipartDecoder(boundary_of(body))
    decoder.receive_data(body)
    decoder.receive_data(None)
    parts = []
    while not isinstance(event := decoder.next_event(), (Epilogue, NeedData)):
        if isinstance(event, (Field, File)):
            parts.append((event.name, getattr(event, "filename", None), b""))
        elif isinstance(event, Data):
            name, filename, content = parts.pop()
            parts.append((name, filename, content + event.data))
    if not isinstance(event, Epilogue):
        raise ValueError("the body has no end")
    return parts


def with_busboy(work, number):
    parts = json.loads((work / "busboy" / str(number)).read_text())
    return [(part.get("name"), part["filename"], bytes.fromhex(part["content"])) for part in parts]


def check(holds, what):
    print("ok" if holds else "FAILED", what)


def check_case(work, number, case, content):
    name, filename, field, value = case
    # A file part always has a file name; by default it is the name of the file.
    filename = filename or "part.bin"
    body = (work / "bodies" / str(number)).read_bytes()
    reference = (work / "reference" / str(number)).read_bytes()
    if not case[1]:
        # Node omits an empty file name.
        file_name = b'name="' + name.encode() + b'"'
        reference = reference.replace(file_name, file_name + b'; filename="part.bin"')
    same_boundary = reference.replace(boundary_of(reference), boundary_of(body))
    check(body == same_boundary, f"multipart case {number} is on the wire as FormData has it")
    if body != same_boundary:
        print(f"  sent:     {body[:300]!r}\n  FormData: {same_boundary[:300]!r}")
    for parser, parse in [
        ("multipart", lambda: with_multipart(body)),
        ("werkzeug", lambda: with_werkzeug(body)),
        ("busboy", lambda: with_busboy(work, number)),
    ]:
        if escapes_the_quote(parser, name):
            continue
        what = f"multipart case {number} is what {parser} reads"
        try:
            parts = parse()
        except Exception as error:
            check(False, f"{what}: {error!r}")
            continue
        holds = (
            len(parts) == 2
            and (parts[0][0] or "") in readings(in_standard(field))
            and parts[0][1] is None
            and parts[0][2] == in_standard(value).encode()
            and parts[1][0] in readings(in_standard(name))
            and (parts[1][1] or "") in readings(filename)
            and parts[1][2] == content
        )
        check(holds, what)
        if not holds:
            print(f"  case:  {case!r:.300}\n  parts: {parts!r:.300}")


def main():
    command, work = sys.argv[1], pathlib.Path(sys.argv[2])
    if command == "write":
        texts = [text for case in cases() for text in case]
        (work / "cases").write_bytes(b"".join(text.encode() + b"\0" for text in texts))
    else:
        content = (work / "files" / "part.bin").read_bytes()
        for number, case in enumerate(cases()):
            check_case(work, number, case, content)


main()
