"""What the page is told of each bundle before it loads a manifest: its choices and its gallery."""

from typing import Any

from edgeproof.edge.manifest import Manifest, ModelCard, TrainedAccuracy, Variant
from edgeproof.web.served import ServedBundle
from edgeproof.web.verdict import Accuracy, Verdict, verdict_of

# stands in the document of every visit, so a bundle of 10,000 labels shows a few of them, shortened
_LABELS = 6
_LABEL_CHARACTERS = 40

# half a second of a slow phone's network; for less, visitors get the very answers of training
_WORTH_BYTES = 100_000


def offer_of(served: ServedBundle) -> dict[str, Any]:
    """A bundle as the document's `offers` and `bundles.json` list it; its report is read anew."""
    bundle, manifest = served.bundle, served.bundle.manifest
    verdict = verdict_of(bundle.folder, served.version, served.page_variants)
    golden, card = manifest.golden.files, manifest.card or ModelCard()
    return {
        "name": served.name,
        "version": served.version,
        "title": manifest.name,
        "task": manifest.task,
        "labels": len(manifest.labels),
        "first_labels": [_shortened(label) for label in manifest.labels[:_LABELS]],
        "input": _input(manifest),
        "example": golden[0].file.path if golden and manifest.input is not None else None,
        # the first one is what visitors get who choose none
        "variants": [
            {"id": v.id, "bytes": v.bytes, "accuracy": _accuracy(verdict.accuracy.get(v.id))}
            for v in _ordered(served.page_variants, verdict)
        ],
        # of the Keras model, on all that training tested it with
        "trained": _shares(card.accuracy),
        "notice": card.notice,
        "card": None if card.file is None else card.file.path,
        "verdict": {"state": verdict.state, "images": verdict.images},
        "report": (bundle.folder / "report.html").is_file(),
    }


def _ordered(variants: tuple[Variant, ...], verdict: Verdict) -> list[Variant]:
    """The smallest graph model that verification found as accurate as the first one, where it saves
    much, then the rest.

    MNIST's weights are 247 KB in float32 and 71 KB in 8 bits, of a first visit of some 300 KB.
    Without a passed report nobody knows what 8 bits cost this model, and the first one stays.
    """
    first = variants[0]
    measure = verdict.accuracy.get(first.id)
    if verdict.state != "passed" or measure is None:
        return list(variants)

    def is_as_accurate(variant: Variant) -> bool:
        own = verdict.accuracy.get(variant.id)
        return (
            own is not None
            and (own.runtime, own.n) == (measure.runtime, measure.n)
            and own.value >= measure.value
        )

    fit = [v for v in variants if v.format == first.format and is_as_accurate(v)]
    chosen = min(fit, key=lambda v: v.bytes)
    if first.bytes - chosen.bytes < _WORTH_BYTES:
        return list(variants)
    return [chosen, *(v for v in variants if v is not chosen)]


def _input(manifest: Manifest) -> dict[str, Any] | None:
    contract = manifest.input
    if contract is None:
        return None
    return {"width": contract.width, "height": contract.height, "color": contract.color}


def _accuracy(accuracy: Accuracy | None) -> dict[str, Any] | None:
    shares = _shares(accuracy)
    return None if accuracy is None or shares is None else {**shares, "runtime": accuracy.runtime}


def _shares(accuracy: Accuracy | TrainedAccuracy | None) -> dict[str, Any] | None:
    if accuracy is None:
        return None
    shares = {name: round(getattr(accuracy, name), 5) for name in ("value", "low", "high")}
    return {**shares, "n": accuracy.n}


def _shortened(label: str) -> str:
    return label if len(label) <= _LABEL_CHARACTERS else f"{label[: _LABEL_CHARACTERS - 1]}…"
