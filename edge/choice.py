"""`--variant auto`: the fastest variant that gives its golden answers on this very board.

Measured when a bundle is first used on a board, which takes a second or two, and remembered.
"""

import sys
from collections.abc import Callable

from edgeproof.edge.board import board_id
from edgeproof.edge.bundle import Bundle
from edgeproof.edge.choice_memory import Circumstances, bundle_sha256, remember, remembered
from edgeproof.edge.runtime import RuntimeName, import_runtime, runtime_version


def say_on_stderr(text: str) -> None:
    """Tells the user, where nobody else wants to."""
    sys.stderr.write(f"edgeproof: {text}\n")


def chosen_variant(
    bundle: Bundle,
    *,
    runtime: RuntimeName = "auto",
    threads: int = 1,
    note: Callable[[str], None] = say_on_stderr,
) -> str:
    """The id of the fastest TFLite variant whose golden check passes here.

    A choice holds for one kind of board, runtime with its version, number of threads and
    `bundle.json`; under any other it is made anew. What is remembered names a variant and no more:
    its file is checked against the bundle like any other.

    Args:
        note: is told, a sentence each, that a choice is being made, which variants do not give
            their golden answers here (at every start), and that a choice cannot be remembered.

    Raises:
        NoVariantWorks: no variant passes.
        BundleError: the bundle has no TFLite variant, or was altered.
        RuntimeUnavailable: the runtime is not installed.
    """
    name, _ = import_runtime(runtime)
    circumstances = Circumstances(
        board_id(), name, runtime_version(name), threads, bundle_sha256(bundle)
    )
    choice = None
    try:
        choice = remembered(circumstances)
    except (OSError, ValueError) as error:
        note(f"the remembered choice of a variant cannot be used: {error}")
    if choice is None or choice.variant not in [v.id for v in bundle.manifest.variants]:
        # imported here: a remembered choice needs no subprocess
        from edgeproof.edge.choice_measured import measured_choice

        note("choosing the variant for this board, once")
        choice = measured_choice(bundle, runtime=runtime, threads=threads)
        try:
            remember(circumstances, choice)
        except OSError as error:
            note(f"the choice of {choice.variant} cannot be remembered: {error}")
    for warning in choice.warnings:
        note(warning)
    return choice.variant
