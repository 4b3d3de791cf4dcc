"""The icons of the installed page, drawn from `icon.svg` by Chromium.

`python -m tests.web.icons` draws them anew, where the drawing was changed.
"""

from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from edgeproof.convert.verify.browser import chromium_flags, find_chromium

STATIC = Path("web/static").absolute()
# name -> size; a maskable icon fills its square, for the system cuts a shape of its own
ICONS = {"icon-192.png": 192, "icon-512.png": 512, "maskable-512.png": 512}
ROUNDED = ' rx="8"'


def drawn(browser: Browser, name: str) -> bytes:
    """The PNG of that name as this Chromium draws it."""
    size = ICONS[name]
    svg = (STATIC / "icon.svg").read_text()
    assert svg.count(ROUNDED) == 1
    if name.startswith("maskable"):
        svg = svg.replace(ROUNDED, "")
    page = browser.new_page(viewport={"width": size, "height": size})
    page.set_content(f"<style>*{{margin:0}}svg{{display:block;width:{size}px}}</style>{svg}")
    png = page.screenshot(omit_background=True)
    page.close()
    return png


def main() -> None:
    folder = STATIC / "icons"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=chromium_flags())
        for name in ICONS:
            (folder / name).write_bytes(drawn(browser, name))
        browser.close()


if __name__ == "__main__":
    main()
