"""On which engine of the page visitors end: who do nothing, come again, or let it switch."""

from __future__ import annotations

from typing import Any

from tests.bench.page.loops import Ground

# the search compiles MobileNetV2 for a software graphics card
_PATIENCE_MS = 300_000
_USED = "document.querySelector('#engine option:checked').textContent"
_NAMES = """Object.fromEntries([...document.querySelectorAll("#engine option")]
    .map(({ value, textContent }) => [textContent, value]))"""


def visited(ground: Ground) -> dict[str, str]:
    """Engines by visitor, found in one browser profile, one after the other.

    The connection is one that the browser calls fast and not mobile, as at a desk.
    """
    page = ground.browser.new_context().new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(f"{ground.address}?bundle={ground.name}")
    ends = {"does nothing": _ended(page)}
    page.reload()
    ends["comes again"] = _ended(page)
    page.check("#switches")
    page.wait_for_selector("#fastest:not(:has(#measure-others)):not(:has(#use-faster)) .measured")
    ends["lets it switch"] = _ended(page)
    page.context.close()
    return ends


def _ended(page: Any) -> str:
    """The engine that answers when the search is over."""
    page.wait_for_selector("#fastest #switches")
    names: dict[str, str] = page.evaluate(_NAMES)
    return names[page.evaluate(_USED).removeprefix("Auto: ")]
