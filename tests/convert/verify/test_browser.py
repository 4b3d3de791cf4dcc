import sys

import pytest

from edgeproof.convert.verify import browser, install_browser


def test_the_environment_names_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", sys.executable)
    assert browser.find_chromium() == sys.executable


def test_a_named_browser_that_is_not_there_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert browser.find_chromium() is None


def test_the_sandbox_is_given_up_only_by_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser.os, "geteuid", lambda: 1000)
    assert "--no-sandbox" not in browser.chromium_flags()
    monkeypatch.setattr(browser.os, "geteuid", lambda: 0)
    assert "--no-sandbox" in browser.chromium_flags()


def test_installing_is_quiet_when_a_browser_is_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install_browser, "find_chromium", lambda: "/usr/bin/chromium")
    assert install_browser.main() == 0
    assert capsys.readouterr() == ("", "")


def test_when_nothing_can_be_installed_one_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install_browser, "find_chromium", lambda: None)
    tried = []
    monkeypatch.setattr(install_browser, "_works", lambda command: tried.append(command) or False)
    assert install_browser.main() == 1
    assert tried[0][1:] == ("-m", "playwright", "install", "--with-deps", "chromium")
    assert "install the package `chromium`" in capsys.readouterr().err.splitlines()[-1]
