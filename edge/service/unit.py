"""The systemd unit of a service: what it runs, and all that it has no need of, taken away."""

from collections.abc import Iterable
from pathlib import Path

from edgeproof.edge.service.plan import ServicePlan
from edgeproof.edge.service.words import argument, executable, path

MARK = "# Written by `edgeproof service install`"
PASSWORDS = Path("/etc/edgeproof")

_ALWAYS = """\
# a user that exists only while this runs, with no rights and one writable folder in /var/lib
DynamicUser=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
UMask=0077
ProtectSystem=strict
PrivateTmp=yes
PrivateMounts=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
# not ProcSubset=pid: XNNPACK picks its kernels by /proc/cpuinfo
PrivateIPC=yes
RemoveIPC=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""


def unit_text(plan: ServicePlan, command: Path, bound: Iterable[Path]) -> str:
    """The unit file.

    Args:
        command: the `edgeproof` that is to run.
        bound: folders below /home, /tmp and the like that the service must still see.
    """
    exec_start = " ".join([executable(str(command)), *(argument(word) for word in plan.words)])
    after = ["After=network-online.target", "Wants=network-online.target"]
    unit = ["[Unit]", f"Description=Edgeproof: {plan.name}", *(after if plan.publishes else [])]
    # a camera that is away for a day is no reason to give up
    unit += ["StartLimitIntervalSec=0"]
    service = [
        "[Service]",
        "Type=notify",
        f"ExecStart={exec_start}",
        "# choosing a variant, or loading a large one, takes its time",
        "TimeoutStartSec=300",
        "TimeoutStopSec=10",
        "# the loop tells that it lives twice in that time",
        "WatchdogSec=60",
        "Restart=on-failure",
        "RestartSec=10",
        "# wrong usage stays wrong",
        "RestartPreventExitStatus=2",
        f"MemoryMax={plan.memory_max}",
        "TasksMax=64",
        f"StateDirectory={plan.name}",
        f"CacheDirectory={plan.name}",
        f"WorkingDirectory=%S/{plan.name}",
        f"Environment=XDG_CACHE_HOME=%C/{plan.name}",
        *_password(plan),
        _ALWAYS.rstrip(),
        *_homes(bound),
        *_devices(plan.camera),
        *_network(plan),
    ]
    install = ["[Install]", "WantedBy=multi-user.target"]
    parts = ("\n".join(lines) for lines in (unit, service, install))
    return f"{MARK}; remove it with: edgeproof service uninstall {plan.name}\n" + (
        "\n\n".join(parts) + "\n"
    )


def password_file(name: str) -> Path:
    """Where a service's environment may hold a password that its unit must not."""
    return PASSWORDS / f"{name}.env"


def _password(plan: ServicePlan) -> list[str]:
    # root reads it before the service's own user exists; nobody else has to
    return [f"EnvironmentFile=-{password_file(plan.name)}"] if plan.needs_password else []


def _homes(bound: Iterable[Path]) -> list[str]:
    places = [f"BindReadOnlyPaths={path(str(folder))}" for folder in bound]
    if not places:
        return ["ProtectHome=yes"]
    # an empty /home in which only these folders lie, whatever the modes of those above them
    return ["ProtectHome=tmpfs", *places]


def _devices(camera: str | None) -> list[str]:
    if camera is None:
        return ["PrivateDevices=yes", "PrivateUsers=yes"]
    allowed = ["char-video4linux"]
    if not camera.startswith("v4l2:"):
        allowed += ["char-media", "char-dma_heap"]  # libcamera's ways to the sensor and memory
    return [
        "DevicePolicy=closed",
        *(f"DeviceAllow={device} rw" for device in allowed),
        "SupplementaryGroups=video",
    ]


def _network(plan: ServicePlan) -> list[str]:
    families = ["AF_UNIX"]  # systemd's own socket, and the journal's
    families += ["AF_INET", "AF_INET6"] if plan.publishes else []
    # libcamera learns from udev which cameras there are
    families += ["AF_NETLINK"] if plan.camera in ("auto", "picamera2") else []
    closed = [] if plan.publishes else ["PrivateNetwork=yes", "IPAddressDeny=any"]
    return [f"RestrictAddressFamilies={' '.join(families)}", *closed]
