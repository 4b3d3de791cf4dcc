"""Which variant runs when nobody says."""

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.errors import BundleError

# small and fast first; of variants that were measured to be as fast, the first is taken
PREFERRED = (
    "tflite-int8",
    "tflite-float32",
    "tflite-float16",
    "tflite-dynamic-int8",
    "tflite-int16x8",
)


def preferred_variants(bundle: Bundle) -> list[str]:
    """The ids of the bundle's TFLite variants, the preferred one first.

    Raises:
        BundleError: there is none.
    """
    ids = [variant.id for variant in bundle.manifest.variants]
    known = [i for i in PREFERRED if i in ids]
    if not known:
        raise BundleError(
            f"expected a TFLite variant in {bundle.folder}, got {', '.join(ids)}; "
            "convert with --variants tflite-int8"
        )
    return known
