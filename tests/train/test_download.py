"""Downloads: whole or not at all, checked, and one sentence without a network."""

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edgeproof.edge.main import main
from edgeproof.train.data import cifar, malaria, mnist
from edgeproof.train.data.download import fetch
from edgeproof.train.errors import DownloadError


class _Answers(BaseHTTPRequestHandler):
    def __init__(self, files: dict[str, bytes], *arguments: object) -> None:
        self.files = files
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        content = self.files.get(name)
        self.send_response(200 if content is not None else 404)
        promised = len(content or b"") + (100 if name.startswith("short") else 0)
        self.send_header("Content-Length", str(promised))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def published() -> dict[str, bytes]:
    """What the server has, by file name."""
    return {}


@pytest.fixture
def url(published: dict[str, bytes]) -> Iterator[str]:
    """A server on this machine that stands for the publishers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Answers, published))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_arrives_whole(tmp_path: Path, url: str, published: dict[str, bytes]) -> None:
    published["a.bin"] = bytes(range(256)) * 4000
    md5 = hashlib.md5(published["a.bin"]).hexdigest()
    fetch(url + "a.bin", tmp_path / "new" / "a.bin", layout="a/", md5=md5)
    assert (tmp_path / "new" / "a.bin").read_bytes() == published["a.bin"]


@pytest.mark.parametrize(
    ("name", "md5", "message"),
    [
        ("a.bin", "0" * 32, "expected MD5 000.*, got 900150983cd24fb0d6963f7d28e17f72"),
        ("short.bin", None, "expected 103 bytes, got 3"),
        ("missing.bin", None, "Not Found.*give --data DIR .*with a/b/c"),
    ],
)
def test_what_does_not_arrive_whole_is_not_kept(
    tmp_path: Path, url: str, published: dict[str, bytes], name: str, md5: str, message: str
) -> None:
    published |= {"a.bin": b"abc", "short.bin": b"abc"}
    with pytest.raises(DownloadError, match=message):
        fetch(url + name, tmp_path / name, layout="a/b/c", md5=md5)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("recipe", "module", "constant", "layout"),
    [
        ("mnist", mnist, "_MIRROR", "mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz]"),
        ("cifar10", cifar, "_URL", "cifar-10-batches-bin/{data_batch_1..5,test_batch}.bin"),
        ("malaria", malaria, "_URL", "cell_images/{Parasitized,Uninfected}/*.png"),
    ],
)
def test_offline_in_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    recipe: str,
    module: object,
    constant: str,
    layout: str,
) -> None:
    # port 9 of this machine: nobody listens, as without a network
    monkeypatch.setattr(module, constant, "http://127.0.0.1:9/x")
    assert main(["train", recipe, "-o", str(tmp_path / "run")]) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert said.startswith("edgeproof: cannot download http://127.0.0.1:9/x")
    assert layout in said
    assert not (tmp_path / "run").exists()


def test_mnist_with_another_content_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, published: dict[str, bytes]
) -> None:
    import gzip

    published["train-images-idx3-ubyte.gz"] = gzip.compress(b"not MNIST")
    monkeypatch.setattr(mnist, "_MIRROR", url)
    with pytest.raises(DownloadError, match="train-images-idx3-ubyte: expected MD5 6bbc9ace"):
        mnist.mnist_source(None)
    assert not list((tmp_path / "cache").rglob("*ubyte*"))


def _tar(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def test_cifar10_is_unpacked_without_following_its_paths(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cifar_binary: Path,
    url: str,
    published: dict[str, bytes],
) -> None:
    members = {f"../../{p.name}": p.read_bytes() for p in sorted(cifar_binary.iterdir())}
    archive = _tar(members | {"../../../evil.bin": b"evil", "/etc/evil": b"evil"})
    published["cifar-10-binary.tar.gz"] = archive
    monkeypatch.setattr(cifar, "_URL", url + "cifar-10-binary.tar.gz")
    monkeypatch.setattr(cifar, "_MD5", hashlib.md5(archive).hexdigest())
    source = cifar.cifar10_source(None)
    assert len(source.labels) == 120
    folder = tmp_path / "cache" / "edgeproof" / "data" / "cifar-10-batches-bin"
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        p.name for p in cifar_binary.iterdir()
    )
    assert not list(tmp_path.rglob("evil*"))
    published.clear()  # the second time nothing is fetched
    assert len(cifar.cifar10_source(None).labels) == 120


def test_malaria_cells_are_counted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cells: Path,
    url: str,
    published: dict[str, bytes],
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(cells.rglob("*.png")):
            archive.write(path, f"../../cell_images/{path.relative_to(cells)}")
        archive.writestr("cell_images/Uninfected/Thumbs.db", b"no cell")
    published["cell_images.zip"] = packed.getvalue()
    monkeypatch.setattr(malaria, "_URL", url + "cell_images.zip")
    with pytest.raises(DownloadError, match=r"expected 27,558 cells in .*, got 96"):
        malaria.malaria_source(None)
    folder = tmp_path / "cache" / "edgeproof" / "data" / "cell_images"
    assert not folder.exists()
    monkeypatch.setattr(malaria, "_PUBLISHED_IMAGES", 96)
    assert len(malaria.malaria_source(None).labels) == 96
    assert len(list(folder.rglob("*.png"))) == 96
