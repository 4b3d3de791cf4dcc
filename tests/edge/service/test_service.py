"""`edgeproof service`: the unit, what it lets through, and what it refuses."""

import configparser
import getpass
import os
import sys
from pathlib import Path

import pytest

from edgeproof.edge.bundle import Bundle
from edgeproof.edge.deploy.device_check import check_variant
from edgeproof.edge.deploy.install import install
from edgeproof.edge.deploy.pack import pack
from edgeproof.edge.errors import UsageError
from edgeproof.edge.main import main
from edgeproof.edge.service import unit_files
from edgeproof.edge.service.access import NotForServices, check_readable, hidden
from edgeproof.edge.service.plan import service_plan
from edgeproof.edge.service.unit import unit_text
from edgeproof.edge.service.words import argument, executable, path

from .systemd import analyze, as_parsed, exposure, needs_analyze, needs_manager

EDGEPROOF = str(Path(sys.executable).parent.resolve() / "edgeproof")
HOSTILE = [
    "in box",
    "100 %u of %h",
    "$HOME ${PATH} $$",
    'it\'s "quoted"',
    "back\\slash\\n",
    "semi;colon : and : more",
    "größer 模型",
    "- dash",
    "#hash",
    "trailing\\",
]


def run(*arguments: str | Path) -> int:
    return main(["service", *map(str, arguments)])


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
def units(tmp_path: Path) -> Path:
    folder = tmp_path / "units"
    folder.mkdir()
    return folder


def unit_of(bundle: Path, *options: str) -> str:
    plan = service_plan(bundle, options)
    return unit_text(plan, Path("/opt/env/bin/edgeproof"), [plan.models])


def settings(unit: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(unit)
    return parser["Service"]


def test_unit_is_written_shown_and_removed(
    digits_bundle: Path, watched: Path, units: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = (digits_bundle, "--watch", watched, "--top-k", "3", "--json")
    assert run("install", *options, "--print") == 0
    shown = capsys.readouterr().out
    assert list(units.iterdir()) == []
    assert run("install", *options, "--unit-dir", units) == 0
    unit = units / "edgeproof-digits.service"
    assert unit.read_text() == shown
    assert unit.stat().st_mode & 0o777 == 0o644
    assert settings(shown)["ExecStart"].split() == [
        *(EDGEPROOF, "classify", str(digits_bundle), f"--watch={watched}", "--top-k=3", "--json")
    ]
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"wrote {unit}"
    assert said[1] == "next: systemctl daemon-reload && systemctl enable --now edgeproof-digits"
    assert run("uninstall", "edgeproof-digits", "--unit-dir", units) == 0
    assert list(units.iterdir()) == []
    assert capsys.readouterr().out == f"removed {unit}\n"


def test_only_our_units_are_replaced_or_removed(
    digits_bundle: Path, watched: Path, units: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("install", digits_bundle, "--watch", watched, "--unit-dir", units)
    assert run(*options) == 0
    assert run(*options) == 1
    assert "which exists; choose another --name or give --force" in capsys.readouterr().err
    assert run(*options, "--force", "--memory-max", "1G") == 0
    assert "MemoryMax=1G" in (units / "edgeproof-digits.service").read_text()
    (units / "ssh.service").write_text("[Unit]\n")
    assert run(*options, "--force", "--name", "ssh") == 1
    assert run("uninstall", "ssh.service", "--unit-dir", units) == 1
    assert capsys.readouterr().err.count("which is somebody else's") == 2
    assert (units / "ssh.service").read_text() == "[Unit]\n"
    assert run("uninstall", "nothing", "--unit-dir", units) == 1
    assert "nothing.service, got none" in capsys.readouterr().err


def test_machine_without_systemd_is_told(
    digits_bundle: Path,
    watched: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(unit_files, "_BOOTED", tmp_path / "run/systemd/system")
    assert run("install", digits_bundle, "--watch", watched) == 1
    assert "expected a machine that systemd runs" in capsys.readouterr().err
    assert run("uninstall", "edgeproof-digits") == 1
    assert "expected a machine that systemd runs" in capsys.readouterr().err
    assert not (unit_files.SYSTEM_UNITS / "edgeproof-digits.service").exists()


def test_running_service_is_stopped_before_its_unit_goes(
    digits_bundle: Path,
    watched: Path,
    units: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # as if `units` were systemd's own folder, with a systemctl that says whether the unit is there
    monkeypatch.setattr(unit_files, "SYSTEM_UNITS", units)
    monkeypatch.setattr(unit_files, "_BOOTED", units)
    fake, calls = tmp_path / "bin" / "systemctl", tmp_path / "calls"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\necho "$@" "$(ls {units})" >> {calls}\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    assert run("install", digits_bundle, "--watch", watched, "--unit-dir", units) == 0
    assert run("uninstall", "edgeproof-digits", "--unit-dir", units) == 0
    name = "edgeproof-digits.service"
    stopped, reloaded = calls.read_text().splitlines()
    assert stopped == f"disable --now {name} {name}"
    assert reloaded.strip() == "daemon-reload"
    assert f"systemctl disable --now {name}" in capsys.readouterr().out
    # one that cannot be stopped keeps its unit
    assert run("install", digits_bundle, "--watch", watched, "--unit-dir", units) == 0
    fake.write_text("#!/bin/sh\necho 'Access denied' >&2; exit 4\n")
    assert run("uninstall", "edgeproof-digits", "--unit-dir", units) == 1
    assert "failed: Access denied; run this with sudo" in capsys.readouterr().err
    assert (units / name).exists()


def test_link_of_an_installation_stays_a_link(
    digits_bundle: Path, watched: Path, tmp_path: Path
) -> None:
    file = tmp_path / "packed.tar.gz"
    pack(Bundle.open(digits_bundle), file, variants=["tflite-int8"])
    with file.open("rb") as stream:
        install(stream, tmp_path / "models", check=check_variant)
    plan = service_plan(tmp_path / "models/current", ["--watch", str(watched)])
    assert plan.words[:2] == ("classify", str(tmp_path / "models/current"))
    assert plan.models == tmp_path / "models"  # where the next model will lie too
    assert plan.name == "edgeproof-digits"


def test_relative_paths_and_links_on_the_way_are_resolved(
    digits_bundle: Path, watched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(watched)
    monkeypatch.chdir(tmp_path)
    plan = service_plan(Path(os.path.relpath(digits_bundle)), ["--watch", "link"])
    assert plan.words == ("classify", str(digits_bundle), f"--watch={watched}")
    assert (plan.models, plan.watched) == (digits_bundle, watched)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "expected IMAGE..., --watch DIR or --camera, got none of them"),
        (["a.png"], "got pictures that come to an end"),
        (["--camera", "clip.mp4"], "got pictures that come to an end"),
        (["--watch", "missing"], "expected a folder to watch, got missing"),
        (["--watch", "in", "--camera"], "got more than one of them"),
        (["--watch", "in", "--fps", "2"], "with --camera, got them without"),
        (["--watch", "in", "--topk", "3"], "No such option"),
        (["--watch", "in", "--top-k", "0"], "0 is not in the range"),
        (["--watch", "in", "--output", "/srv/results"], "expected --output with a name such as"),
        (["--watch", "in", "--output", "../results"], "expected --output with a name such as"),
        (["--watch", "in", "--publish", "http://x/y"], "expected mqtt"),
        (["--watch", "in", "--publish", "mqtt://pi:secret@x/y"], "without a password"),
        (["--watch", "in", "--name", "a b"], "expected a unit's name such as"),
        (["--watch", "in", "--name", "../../x"], "expected a unit's name such as"),
        (["--watch", "in", "--memory-max", "lots"], "expected a size such as 512M"),
    ],
)
def test_mistakes_show_at_once(
    digits_bundle: Path,
    watched: Path,
    units: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(watched.parent)
    assert run("install", digits_bundle, *options, "--unit-dir", units) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "secret" not in error
    assert list(units.iterdir()) == []


def test_rights_follow_need(digits_bundle: Path, watched: Path) -> None:
    folder = settings(unit_of(digits_bundle, "--watch", str(watched)))
    assert folder["PrivateNetwork"] == folder["PrivateDevices"] == folder["PrivateUsers"] == "yes"
    assert folder["RestrictAddressFamilies"] == "AF_UNIX"
    assert "DeviceAllow" not in folder

    camera = settings(unit_of(digits_bundle, "--camera", "v4l2:/dev/video0"))
    assert camera["DeviceAllow"] == "char-video4linux rw"
    assert "PrivateDevices" not in camera
    assert camera["PrivateNetwork"] == "yes"

    any_camera = unit_of(digits_bundle, "--camera")
    assert "DeviceAllow=char-media rw" in any_camera
    assert settings(any_camera)["RestrictAddressFamilies"] == "AF_UNIX AF_NETLINK"

    broker = unit_of(digits_bundle, "--watch", str(watched), "--publish", "mqtt://pi@host/a")
    assert "PrivateNetwork" not in settings(broker)
    assert settings(broker)["RestrictAddressFamilies"] == "AF_UNIX AF_INET AF_INET6"
    assert settings(broker)["EnvironmentFile"] == "-/etc/edgeproof/edgeproof-digits.env"
    assert "Wants=network-online.target" in broker
    nobody = unit_of(digits_bundle, "--watch", str(watched), "--publish", "mqtt://host/a")
    assert "EnvironmentFile" not in nobody


def test_password_is_asked_for_elsewhere(
    digits_bundle: Path, watched: Path, units: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--watch", watched, "--publish", "mqtt://pi@host/a", "--unit-dir", units)
    assert run("install", digits_bundle, *options) == 0
    expected = "EDGEPROOF_MQTT_PASSWORD=... in /etc/edgeproof/edgeproof-digits.env, mode 600"
    assert expected in capsys.readouterr().out


@needs_analyze
@pytest.mark.parametrize(
    ("options", "score"),
    [
        (["--watch", "{in}", "--variant", "auto"], 0.2),
        (["--watch", "{in}", "--publish", "mqtts://pi@broker/labels", "--csv"], 1.1),
        (["--camera", "v4l2:/dev/video0", "--output", "results.csv"], 0.6),
        (["--camera", "auto", "--publish", "mqtt://broker/labels"], 1.5),
    ],
)
def test_systemd_finds_no_fault_and_little_exposed(
    digits_bundle: Path, watched: Path, units: Path, options: list[str], score: float
) -> None:
    words = [o.replace("{in}", str(watched)) for o in options]
    assert run("install", digits_bundle, *words, "--unit-dir", units) == 0
    unit = units / "edgeproof-digits.service"
    done = analyze("verify", unit)
    assert done.returncode == 0
    assert unit.name not in done.stderr  # it may have something to say on other units
    # the scale ends at 10; another systemd may weigh a little differently
    limit = str(round(10 * score) + 5)
    assert analyze("security", "--offline=true", f"--threshold={limit}", unit).returncode == 0
    # controls: the same checks find what is wrong
    text = unit.read_text()
    unit.write_text(text.replace(EDGEPROOF, "/no/such/edgeproof"))
    assert "is not executable" in analyze("verify", unit).stderr
    unit.write_text(text.replace("WatchdogSec=60", "WatchDogSec=60"))
    assert "Unknown key" in analyze("verify", unit).stderr
    unit.write_text(text.replace("DynamicUser=yes\n", "").replace("SystemCallFilter", "#"))
    assert analyze("security", "--offline=true", f"--threshold={limit}", unit).returncode == 1
    assert exposure(unit) > score + 0.5


@needs_manager
def test_systemd_reads_the_very_words(digits_bundle: Path, tmp_path: Path) -> None:
    for name in HOSTILE:
        (tmp_path / name).mkdir()
        plan = service_plan(digits_bundle, ["--watch", str(tmp_path / name), "--variant", name])
        command = Path("/opt", name.translate(dict.fromkeys(map(ord, "\"'\\"))), "edgeproof")
        parsed = as_parsed(unit_text(plan, command, [tmp_path / name, digits_bundle]))
        # the dump shows `$$`, of which one is left when variables are replaced
        first, *words = parsed["Command Line"]
        assert first == str(command)
        assert [w.replace("$$", "$") for w in words] == list(plan.words)
        bound = [value.split(":norbind")[0] for value in parsed["BindReadOnlyPaths"]]
        assert bound[0] == f"{tmp_path / name}:{tmp_path / name}:rbind"


@needs_manager
def test_control_unescaped_words_are_read_otherwise(tmp_path: Path) -> None:
    unit = f"[Service]\nExecStart=/bin/echo {tmp_path}/100 %%u $$HOME 50%u\n"
    program, *words = as_parsed(unit)["Command Line"]
    assert program == "/bin/echo"
    assert words[:3] == [f"{tmp_path}/100", "%u", "$$HOME"]
    assert words[3] in ("50nobody", f"50{getpass.getuser()}")


@pytest.mark.parametrize("name", ["it's", '"', "back\\slash"])
def test_programs_that_systemd_would_not_start_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="without quotes and backslashes"):
        executable(f"/opt/{name}/edgeproof")


@pytest.mark.parametrize("word", ["new\nline", "tab\there", "\x1b[2J", "null\0", "\udcff"])
def test_words_without_a_form_are_refused(word: str) -> None:
    for quoted in (argument, path):
        with pytest.raises(UsageError, match="expected words of printable characters"):
            quoted(word)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("/plain-1.0_x:y,z=@+", "/plain-1.0_x:y,z=@+"),
        ("", '""'),
        ("a b", '"a b"'),
        ("50%", '"50%%"'),
        ("$x", '"$$x"'),
        ('"\\', '"\\"\\\\"'),
    ],
)
def test_arguments(word: str, expected: str) -> None:
    assert argument(word) == expected


def test_folders_of_users_are_bound_each_once() -> None:
    folders = ["/usr", "/home/pi/env", "/home/pi/models", "/home/pi/models/x", "/tmp/in", "/homes"]
    found = hidden(Path(folder) for folder in folders)
    assert [str(f) for f in found] == ["/home/pi/env", "/home/pi/models", "/tmp/in"]


def test_what_other_users_cannot_read_is_refused(bundle_copy: Path) -> None:
    # pytest's own folders are closed to others: bound folders do not care
    check_readable(bundle_copy, [bundle_copy], deep=True)
    with pytest.raises(NotForServices, match="readable by every user"):
        check_readable(bundle_copy, [], deep=True)
    for place, mode in (("golden/inputs.npy", 0o600), ("variants", 0o750), (".", 0o711)):
        before = (bundle_copy / place).stat().st_mode
        (bundle_copy / place).chmod(mode)
        with pytest.raises(NotForServices, match=f"got mode {mode:o}; chmod o"):
            check_readable(bundle_copy, [bundle_copy], deep=True)
        (bundle_copy / place).chmod(before)
    (bundle_copy / "golden").chmod(0o600)
    with pytest.raises(NotForServices, match="golden to be readable"):
        check_readable(bundle_copy / "golden/files", [bundle_copy], deep=False)


def test_closed_bundle_is_no_service(
    bundle_copy: Path, watched: Path, units: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bundle_copy / "bundle.json").chmod(0o600)
    assert run("install", bundle_copy, "--watch", watched, "--unit-dir", units) == 1
    assert "bundle.json to be readable by every user" in capsys.readouterr().err
    assert list(units.iterdir()) == []
