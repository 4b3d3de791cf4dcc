"""What the page and its server are measured on: a bundle, and the server in its own process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

_EDGEPROOF = Path(sys.executable).with_name("edgeproof")


class Served(NamedTuple):
    """A running server."""

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].strip("/"))

    def processor_s(self) -> float:
        """What it has used so far."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(stat[11]) + int(stat[12])) / 100  # USER_HZ


def digits_bundle(cache: Path) -> Path:
    """The digits bundle, made once.

    Raises:
        RuntimeError: it cannot be made.
    """
    cache = cache.absolute()
    cache.mkdir(parents=True, exist_ok=True)
    bundle = cache / "digits"
    if not bundle.exists():
        _do("train", "digits", "-o", cache / "digits-run", "--force")
        _do("convert", cache / "digits-run", "-o", bundle)
    return verified(bundle)


def verified(bundle: Path) -> Path:
    """The bundle with a report, by which the page chooses what visitors get."""
    if not (bundle / "report.json").exists():
        _do("verify", bundle, "--runtimes", "litert,tfjs-wasm", "--no-layers")
    return bundle


@contextmanager
def serving(*bundles: Path) -> Iterator[Served]:
    command = [_EDGEPROOF, "serve", *bundles, "--port", "0", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield Served(process, json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()


def first_visit(served: Served) -> list[str]:
    """Paths that a browser asks for until the first answer, the document's own first."""
    with urlopen(served.url) as response:
        document = response.read().decode()
    found = re.search(r'"static/([0-9a-f]{16})/', document)
    listed = re.search(r'id="offers">(.*?)</script>', document)
    assert found is not None
    assert listed is not None
    own = f"/static/{found[1]}"
    offer = json.loads(listed[1])[0]
    folder = f"/bundles/{offer['name']}/{offer['version']}"
    with urlopen(served.url.rstrip("/") + f"{folder}/bundle.json") as response:
        manifest = json.load(response)
    variant = next(v for v in manifest["variants"] if v["id"] == offer["variants"][0]["id"])
    model = [f["path"] for f in variant["files"] if not f["path"].endswith("metadata.json")]
    golden = [manifest["golden"]["files"][0]["file"]["path"]]
    scripts = ["dist/page.css", "dist/main.js", "dist/worker.js", "vendor/tfjs-wasm.js"]
    return [
        "/",
        *(f"{own}/{name}" for name in (*scripts, "vendor/tfjs-backend-wasm-simd.wasm")),
        *(f"{folder}/{path}" for path in ("bundle.json", *model, *golden)),
    ]


def _do(*arguments: str | Path) -> None:
    command = [str(_EDGEPROOF), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]} failed: {done.stderr[-2000:]}")
