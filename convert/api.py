"""The Python door to conversion."""

from __future__ import annotations

from pathlib import Path

from edgeproof.convert.bundle_writer import write_bundle
from edgeproof.convert.conversion import bundle_content
from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.progress import Progress, Silent
from edgeproof.convert.rescue.request import check_keep_float
from edgeproof.convert.source import find_source
from edgeproof.edge.bundle import MANIFEST
from edgeproof.edge.manifest import Manifest
from edgeproof.edge.output_folder import check_output
from edgeproof.edge.shown_path import shown_path
from edgeproof.edge.silence import captured_stderr


def convert_model(
    model: str | Path,
    bundle: str | Path,
    *,
    options: ConvertOptions | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Convert a stored model (run folder, .keras, .h5, SavedModel) or one of the zoo, by its name,
    to a new bundle folder.

    Returns:
        The bundle's manifest.

    Raises:
        EdgeproofError: see the message; nothing half-written is left.
    """
    target = Path(bundle)
    check_output(target, force=force, marker=MANIFEST)
    command = f"convert_model({shown_path(model)!r}, {shown_path(bundle)!r})"
    options = options or ConvertOptions()
    check_keep_float(options)
    source = find_source(model, trust_lambda=options.trust_lambda)
    with captured_stderr():
        content = bundle_content(source, options, command=command, progress=progress or Silent())
    return write_bundle(target, content, force=force)
