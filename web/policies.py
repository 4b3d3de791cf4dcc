"""What the page may load and run, as Content-Security-Policy says it."""

# wasm-unsafe-eval: compiling WebAssembly, and nothing else that eval could do.
# blob: pictures that the visitor chose, shown before they are classified
_PAGE = (
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "connect-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
)
# a document may state the policy itself, on a host that sends no headers; all but who may frame it
DOCUMENT = "; ".join(_PAGE)
PAGE = "; ".join((*_PAGE, "frame-ancestors 'none'"))
# a worker has a policy of its own: TensorFlow.js starts its threads from scripts in blobs. It has
# no document into which anybody could inject one
WORKER = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval' blob:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
    )
)
# a bundle is made by somebody: whatever it holds is shown without script and as its own origin
REPORT = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
BUNDLE = f"{REPORT}; sandbox"
# a file that no document and no worker is made of
INERT = "default-src 'none'"
