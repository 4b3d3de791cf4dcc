"""The NIH malaria cells: `cell_images/{Parasitized,Uninfected}/*.png`, grouped by slide.

Source: National Library of Medicine; Rajaraman et al., PeerJ 6:e4568, 2018.
"""

import re
import zipfile
import zlib
from pathlib import Path

from edgeproof.train.data.class_folders import class_folder_source
from edgeproof.train.data.download import fetch
from edgeproof.train.data.locate import data_folder, found_or_downloaded
from edgeproof.train.data.source import FileSource
from edgeproof.train.errors import DataError, DownloadError
from edgeproof.train.progress import counting

_URL = "https://data.lhncbc.nlm.nih.gov/public/Malaria/cell_images.zip"
_PUBLISHED_IMAGES = 27_558
_LABELS = ("Parasitized", "Uninfected")
_LAYOUT = "cell_images/{Parasitized,Uninfected}/*.png"
# C47P8thin and C47P8thinOriginalOlympusCX21 are one slide: the leading C and its number say which
_SLIDE = re.compile(r"C\d+")


def malaria_source(data: Path | None) -> FileSource:
    """The cells, each with its slide as group.

    Raises:
        DataError: not found, or a picture whose name does not begin with its slide.
    """
    return found_or_downloaded(
        data_folder(data),
        # copies of the set repeat the folder inside itself, which is not to be counted twice
        names=("cell_images", "malaria/cell_images", "malaria"),
        look=_source_in,
        download=_download,
        layout=_LAYOUT,
    )


def slide(path: Path) -> str:
    """The slide that a cell's file name begins with: `C47P8thin_..._cell_12.png` is of C47.

    Raises:
        DataError: the name does not begin so.
    """
    match = _SLIDE.match(path.name)
    if match is None:
        raise DataError(
            f"expected a cell's name to begin with its slide (C and a number), got {path.name}"
        )
    return match.group()


def _source_in(folder: Path) -> FileSource | None:
    if not any((folder / label).is_dir() for label in _LABELS):
        return None
    return class_folder_source(folder, labels=_LABELS, group=slide)


def _download(target: Path) -> None:
    archive = target.parent / "cell_images.zip"
    # no checksum is published: the transport is authenticated and the pictures are counted
    fetch(_URL, archive, layout=_LAYOUT)
    try:
        with zipfile.ZipFile(archive) as file:
            _unpack(file, target)
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise DownloadError(
            f"{archive} cannot be unpacked ({error}); delete it, try again"
        ) from error
    archive.unlink()


def _unpack(archive: zipfile.ZipFile, target: Path) -> None:
    """Write the cells below `target`, choosing the paths ourselves."""
    members = {}
    for info in archive.infolist():
        parts = info.filename.split("/")
        if len(parts) >= 2 and parts[-2] in _LABELS and parts[-1].lower().endswith(".png"):
            members[parts[-2], Path(parts[-1]).name] = info
    if len(members) != _PUBLISHED_IMAGES:
        raise DownloadError(
            f"expected {_PUBLISHED_IMAGES:,} cells in {archive.filename}, got {len(members):,}; "
            "delete it, try again"
        )
    # complete or not there: a half unpacked set would train silently on half of the cells
    partial = target.with_name(f".{target.name}.partial")
    for label in _LABELS:
        (partial / label).mkdir(parents=True, exist_ok=True)
    with counting("unpacking", len(members), "pictures") as done:
        for (label, name), info in members.items():
            (partial / label / name).write_bytes(archive.read(info))
            done(1)
    partial.replace(target)
