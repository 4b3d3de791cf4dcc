"""The Python door to conversion and verification."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING

from edgeproof.convert.bundle_writer import write_bundle
from edgeproof.convert.conversion import bundle_content
from edgeproof.convert.options import ConvertOptions
from edgeproof.convert.progress import Progress, Silent
from edgeproof.convert.rescue.request import check_keep_float
from edgeproof.convert.source import find_source
from edgeproof.edge.bundle import MANIFEST, Bundle
from edgeproof.edge.manifest import Manifest
from edgeproof.edge.output_folder import check_output
from edgeproof.edge.shown_path import shown_path
from edgeproof.edge.silence import captured_stderr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.convert.verify.report import Report


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
    # a notebook's stderr is another one than descriptor 2, and the quantiser draws a bar there
    with captured_stderr(), redirect_stderr(io.StringIO()):
        content = bundle_content(source, options, command=command, progress=progress or Silent())
    return write_bundle(target, content, force=force)


def verify_bundle(
    bundle: str | Path,
    *,
    runtimes: Sequence[str] | None = None,
    data: str | Path | None = None,
    limit: int | None = None,
    layers: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Run every variant of a bundle in every runtime, judge, and write the report into the bundle.

    Args:
        runtimes: as `edgeproof verify --runtimes`; None: all that can run here.
        data: labelled images to measure the cost on; None: the bundle's held-out ones.
        limit: use at most so many of them.
        layers: compare the variants with Keras layer by layer too.

    Returns:
        What `report.json` holds. A gate that broke is no error here: look at `passed`.

    Raises:
        EdgeproofError: nothing could be judged; see the message.
    """
    from edgeproof.convert.verify.plan import planned
    from edgeproof.convert.verify.run import verify_bundle as measured_and_judged
    from edgeproof.convert.verify.write import check_writable, write_report

    opened = Bundle.open(bundle)
    check_writable(opened.folder)
    report = measured_and_judged(
        opened,
        plan=planned(opened, runtimes),
        data=None if data is None else Path(data),
        limit=limit,
        layers=layers,
        progress=progress or Silent(),
    )
    write_report(report, opened.folder)
    return report
