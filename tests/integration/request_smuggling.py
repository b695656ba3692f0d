"""Request smuggling attacks: requests whose end is ambiguous, each followed by a hidden request."""

from attrs import frozen

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: shop\r\n\r\n"
NO_CHUNKS = b"0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked"


@frozen
class Attack:
    """A request, the response of our server, and the other servers that refuse it too.

    *also_refused_by* names the servers (gunicorn, granian) that also close the connection before the
    hidden request. The others follow a reading that the RFC permits and that a proxy in front is
    unlikely to contradict.
    """

    name: str
    sent: bytes
    status: int = 400
    also_refused_by: frozenset[str] = frozenset({"gunicorn", "granian"})


NOWHERE: frozenset[str] = frozenset()
GUNICORN = frozenset({"gunicorn"})
GRANIAN = frozenset({"granian"})


def post(*fields: bytes, body: bytes = b"") -> bytes:
    """Return a POST with these header fields, followed by the hidden request."""
    head = b"\r\n".join((b"POST /first HTTP/1.1", b"Host: shop", *fields))
    return head + b"\r\n\r\n" + body + HIDDEN


def get(line: bytes, *fields: bytes) -> bytes:
    """Return a request with this request line, followed by the hidden request."""
    return b"\r\n".join((line, *fields)) + b"\r\n\r\n" + HIDDEN


def chunks(body: bytes) -> bytes:
    """Return a POST with a chunked *body*, followed by the hidden request."""
    return post(CHUNKED, body=body)


ATTACKS = (
    Attack("length and encoding", post(b"Content-Length: 5", CHUNKED, body=NO_CHUNKS)),
    Attack("encoding and length", post(CHUNKED, b"Content-Length: 5", body=NO_CHUNKS)),
    Attack("two lengths", post(b"Content-Length: 0", b"Content-Length: 35")),
    Attack("one length twice", post(b"Content-Length: 0", b"Content-Length: 0"), 400, GUNICORN),
    Attack("a list of lengths", post(b"Content-Length: 0, 0")),
    Attack("a length with a plus", post(b"Content-Length: +0")),
    Attack("a negative length", post(b"Content-Length: -1")),
    Attack("a length in hexadecimal", post(b"Content-Length: 0x0")),
    Attack("an empty length", post(b"Content-Length: ")),
    Attack("a length of many digits", post(b"Content-Length: " + b"9" * 5000)),
    Attack("a length with an underscore", post(b"Content_Length: 35"), 400, NOWHERE),
    Attack("a length, space before the colon", post(b"Content-Length : 35")),
    Attack("a length, fold_case", post(b"X: a", b" Content-Length: 35")),
    Attack("a length after a blank", post(b" Content-Length: 35")),
    Attack("an encoding with an underscore", post(b"Transfer_Encoding: chunked", body=NO_CHUNKS)),
    Attack("two encodings", post(CHUNKED, CHUNKED, body=NO_CHUNKS), 400, GUNICORN),
    Attack("chunked is not last", post(CHUNKED + b", identity", body=NO_CHUNKS)),
    Attack("an unknown encoding", post(b"Transfer-Encoding: xchunked", body=NO_CHUNKS)),
    Attack("an empty encoding", post(b"Transfer-Encoding: ", body=NO_CHUNKS)),
    Attack("a control character", post(b"Transfer-Encoding: \x0bchunked", body=NO_CHUNKS)),
    Attack("an encoding in HTTP/1.0", get(b"POST /first HTTP/1.0", CHUNKED)),
    Attack(
        "a bare LF between lines", b"GET /first HTTP/1.1\nHost: shop\n\n" + HIDDEN, 400, GUNICORN
    ),
    Attack("a bare LF in a field", get(b"GET /first HTTP/1.1", b"Host: a\nX: b"), 400, GUNICORN),
    Attack("a bare CR in a field", get(b"GET /first HTTP/1.1", b"Host: a\rX: b")),
    Attack("NUL", get(b"GET /first HTTP/1.1", b"Host: shop", b"X: \0")),
    Attack("no colon", post(b"Nonsense")),
    Attack("a negative chunk", chunks(b"-1\r\n\r\n")),
    Attack("a chunk's size with 0x", chunks(b"0x0\r\n\r\n")),
    Attack("a chunk's size after a blank", chunks(b" 0\r\n\r\n")),
    Attack("a bare LF behind a size", chunks(b"1\nx\r\n0\r\n\r\n")),
    Attack("LF and CRLF behind a size", chunks(b"1\n\r\nx\r\n0\r\n\r\n")),
    Attack("a bare LF in an extension", chunks(b"1;a\nb\r\nx\r\n0\r\n\r\n")),
    Attack("a chunk longer than its size", chunks(b"1\r\nxyz\r\n0\r\n\r\n")),
    Attack("a chunk without its end", chunks(b"1\r\nx0\r\n\r\n")),
    Attack("a chunk beyond 64 bits", chunks(b"f" * 17 + b"\r\nx\r\n0\r\n\r\n")),
    Attack("a blank line before a size", chunks(b"\r\n0\r\n\r\n")),
    Attack("a length as trailer", chunks(b"0\r\nContent-Length: 5\r\n\r\n"), 400, GUNICORN),
    Attack("a trailer without colon", chunks(b"0\r\nnonsense\r\n\r\n")),
    Attack("HTTP/0.9", get(b"GET /first")),
    Attack("HTTP/2.0", get(b"GET /first HTTP/2.0", b"Host: shop"), 505),
    Attack("HTTP/1.10", get(b"GET /first HTTP/1.10", b"Host: shop")),
    Attack("no host", get(b"GET /first HTTP/1.1", b"X: a"), 400, NOWHERE),
    Attack("two hosts", get(b"GET /first HTTP/1.1", b"Host: a", b"Host: b"), 400, GUNICORN),
    Attack("a host with a path", get(b"GET /first HTTP/1.1", b"Host: a/b"), 400, NOWHERE),
    Attack("a control in the target", get(b"GET /fi\x01rst HTTP/1.1", b"Host: shop")),
    Attack("two spaces", get(b"GET  /first HTTP/1.1", b"Host: shop")),
    Attack("tabs for spaces", get(b"GET\t/first\tHTTP/1.1", b"Host: shop")),
    Attack("a blank before the request", get(b" GET /first HTTP/1.1", b"Host: shop")),
    Attack("a form feed before it", get(b"\x0cGET /first HTTP/1.1", b"Host: shop")),
    Attack("a method in small letters", get(b"get /first HTTP/1.1", b"Host: shop"), 400, GUNICORN),
    Attack("small letters in a method", get(b"GEt /first HTTP/1.1", b"Host: shop"), 400, GUNICORN),
    Attack("a colon in a method", get(b"GET: /first HTTP/1.1", b"Host: shop")),
    Attack("half an IPv6 address", get(b"GET http://[::1/ HTTP/1.1", b"Host: shop")),
    Attack("a long field", post(b"X: " + b"a" * 100_000), 431, GUNICORN),
    Attack("many fields", post(*(b"X-%d: a" % n for n in range(300))), 431),
)
