"""Facts of a machine, read from trees as boards have them; what is not there is None."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgeproof.edge.board import Board, Process, board_id, read_board
from edgeproof.edge.throttling import Throttling, read_throttling
from tests.edge import fake_boards
from tests.edge.fake_boards import BOARDS, write


def read(root: Path, name: str) -> Board:
    return read_board(root, BOARDS[name](root))


def test_a_pi_4(tmp_path: Path) -> None:
    assert read(tmp_path, "pi_4") == Board(
        model="Raspberry Pi 4 Model B Rev 1.4",
        processor="Cortex-A72",
        system="Debian GNU/Linux 12 (bookworm)",
        machine="aarch64",
        bits=64,
        kernel="6.12.25+rpt-rpi-v8",
        python="3.11.2",
        cores=4,
        cpu_quota=None,
        memory_bytes=3_884_368 * 1024,
        memory_available_bytes=300_000 * 1024,
        governor="ondemand",
        frequency_mhz=600,
        max_frequency_mhz=1500,
        temperature_c=48.312,
        throttling=Throttling(0),
    )


@pytest.mark.parametrize(
    ("name", "processor", "system"),
    [
        ("pi_3", "Cortex-A53", "Raspbian GNU/Linux 12 (bookworm)"),
        ("pi_5", "Cortex-A76", "Debian GNU/Linux 12 (bookworm)"),
        ("pi_zero", "ARM1176", "Debian GNU/Linux 12 (bookworm)"),
        ("pc", "Intel(R) N100", "Fedora 42"),
        ("container", "Cortex-A72", "Debian GNU/Linux 12 (bookworm)"),
    ],
)
def test_processor_and_system(tmp_path: Path, name: str, processor: str, system: str) -> None:
    board = read(tmp_path, name)
    assert (board.processor, board.system) == (processor, system)


def test_a_pc_with_a_sensor_that_says_nonsense(tmp_path: Path) -> None:
    board = read(tmp_path, "pc")
    assert (board.model, board.temperature_c, board.throttling) == ("NUC12", 27.8, None)
    assert board.governor == "performance, powersave"


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    board = read(tmp_path, "silent")
    told = {name for name, fact in vars(board).items() if fact is not None}
    assert told == {"machine", "bits", "kernel", "python", "cores"}
    assert board_id(tmp_path, fake_boards.silent(tmp_path)).startswith("riscv64-")


def test_a_container_may_use_less_than_the_board_has(tmp_path: Path) -> None:
    board = read(tmp_path, "container")
    assert (board.cores, board.cpu_quota, board.usable_cores) == (4, 1.5, 1)
    assert board.memory_bytes == 536_870_912
    assert board.model == "Raspberry Pi 4 Model B Rev 1.4"


def test_a_limit_of_a_group_above_counts(tmp_path: Path) -> None:
    process = fake_boards.pi_4(tmp_path)
    write(
        tmp_path,
        {
            "sys/fs/cgroup/user.slice/session-1.scope/cpu.max": "max 100000\n",
            "sys/fs/cgroup/user.slice/cpu.max": "200000 100000\n",
        },
    )
    assert read_board(tmp_path, process).usable_cores == 2


def test_control_groups_of_version_1(tmp_path: Path) -> None:
    process = fake_boards.pi_4(tmp_path)
    write(
        tmp_path,
        {
            "proc/self/cgroup": "5:cpuset:/\n4:cpu,cpuacct:/docker/1\n3:memory:/docker/1\n",
            "sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us": "300000\n",
            "sys/fs/cgroup/cpu/docker/1/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "268435456\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
    )
    board = read_board(tmp_path, process)
    assert (board.usable_cores, board.memory_bytes) == (3, 268_435_456)
    write(tmp_path, {"sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us": "-1\n"})
    assert read_board(tmp_path, process).cpu_quota is None


def test_a_32_bit_system_on_a_64_bit_kernel(tmp_path: Path) -> None:
    assert read(tmp_path / "a", "pi_4_with_32_bit_system").is_32_bit_on_64_bit_kernel
    others = [name for name in BOARDS if name != "pi_4_with_32_bit_system"]
    assert not any(read(tmp_path / name, name).is_32_bit_on_64_bit_kernel for name in others)


def test_throttling_bit_by_bit(tmp_path: Path) -> None:
    now = ("under-voltage", "throttled")
    assert read(tmp_path / "5", "pi_5").throttling == Throttling(0x50005)
    assert (Throttling(0x50005).now, Throttling(0x50005).since_boot) == (now, now)
    # the program's answer, where the kernel has no file
    zero = read(tmp_path / "zero", "pi_zero").throttling
    assert zero is not None
    assert (zero.now, zero.since_boot) == ((), now)
    assert Throttling(0xA).now == ("frequency capped", "soft temperature limit")


@pytest.mark.parametrize("says", ["exit 1", "echo VCHI initialization failed", "echo"])
def test_a_firmware_that_does_not_answer(tmp_path: Path, says: str) -> None:
    program = tmp_path / "usr/bin/vcgencmd"
    write(tmp_path, {"usr/bin/vcgencmd": f"#!/bin/sh\n{says}\n"})
    assert read_throttling(tmp_path) is None  # no right to run it
    program.chmod(0o755)
    assert read_throttling(tmp_path) is None


def test_files_with_rubbish_are_no_facts(tmp_path: Path) -> None:
    process = fake_boards.pi_4(tmp_path)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.write_bytes(b"\xff\xfe rubbish\n")
    board = read_board(tmp_path, process)
    numbers = (board.memory_bytes, board.memory_available_bytes, board.frequency_mhz)
    assert numbers == (None, None, None)
    assert (board.temperature_c, board.throttling, board.processor) == (None, None, None)
    assert board_id(tmp_path, process)


def test_the_identity_of_every_board_is_its_own(tmp_path: Path) -> None:
    ids = {}
    for name, make in BOARDS.items():
        ids[name] = board_id(tmp_path / name, make(tmp_path / name))
    # a container on a Pi 4 computes as the Pi 4 does
    assert ids.pop("container") == ids["pi_4"]
    assert len(set(ids.values())) == len(ids)
    assert ids["pi_4"].startswith("raspberry-pi-4-model-b-rev-1-4-")
    assert "deadbeef" not in "".join(ids.values())


def test_the_identity_stays_after_a_restart(tmp_path: Path) -> None:
    process = fake_boards.pi_4(tmp_path)
    before = board_id(tmp_path, process)
    cpuinfo = tmp_path / "proc/cpuinfo"
    cpuinfo.write_text(cpuinfo.read_text().replace("108.00", "107.13").replace("deadbeef", "0"))
    write(tmp_path, {"sys/class/thermal/thermal_zone0/temp": "60000\n"})
    later = replace(process, kernel="6.18.1", python="3.11.9", affinity=2)
    assert board_id(tmp_path, later) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("crc32", "crc32 asimddp"),
        lambda text: text.replace("0xd08", "0xd0b"),
    ],
)
def test_another_processor_is_another_board(tmp_path: Path, change: Callable[[str], str]) -> None:
    process = fake_boards.pi_4(tmp_path)
    before = board_id(tmp_path, process)
    cpuinfo = tmp_path / "proc/cpuinfo"
    cpuinfo.write_text(change(cpuinfo.read_text()))
    assert board_id(tmp_path, process) != before


def test_this_machine() -> None:
    board = read_board()
    assert board.cores >= board.usable_cores >= 1
    assert board.memory_bytes is None or board.memory_bytes > 100_000_000
    assert board_id() == board_id(process=Process())
