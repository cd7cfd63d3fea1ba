"""systemd units: the whole hub under its own supervisor, or each process under systemd with a Kafka of yours."""

from collections.abc import Sequence

_INSTALLED = "/opt/frontdoor"
#: It has a unit of its own, for either way of running the hub.
_WATCHDOG = "watchdog"

#: What a service of ours may touch: its state directory and the network.
_CONFINED = """\
User=frontdoor
Group=frontdoor
StateDirectory=frontdoor
StateDirectoryMode=0700
Environment=FRONTDOOR_RUN_DIR=/var/lib/frontdoor
EnvironmentFile=-/etc/frontdoor/environment
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
LockPersonality=yes
CapabilityBoundingSet=
UMask=0077
"""


def units(roles: Sequence[str]) -> dict[str, str]:
    """Every unit by its file name."""
    return {
        "frontdoor.service": _whole(),
        "frontdoor@.service": _one_process(),
        f"frontdoor-{_WATCHDOG}.service": _watchdog(),
        "frontdoor.target": _all_processes(roles),
    }


def _whole() -> str:
    return f"""\
# The whole hub: a Kafka of its own, unless the environment names one, and every process under `up`.
[Unit]
Description=Front Door
Wants=network-online.target frontdoor-{_WATCHDOG}.service
After=network-online.target

[Service]
Type=exec
ExecStart={_INSTALLED}/bin/frontdoor up --foreground
Restart=always
RestartSec=5
# Processes drain within ten seconds, then Kafka writes what it has.
TimeoutStopSec=60
KillMode=mixed
{_CONFINED}
[Install]
WantedBy=multi-user.target
"""


def _one_process() -> str:
    return f"""\
# One process of the hub, `frontdoor@ROLE`: for who has a Kafka, in /etc/frontdoor/environment as
# FRONTDOOR_BOOTSTRAP_SERVERS, and wants systemd to look after each process. `frontdoor.target` starts all of them.
[Unit]
Description=Front Door: %i
PartOf=frontdoor.target
Wants=network-online.target
After=network-online.target
Conflicts=frontdoor.service

[Service]
Type=exec
ExecStart={_INSTALLED}/bin/python -P -m ops.run %i
Restart=always
RestartSec=1
# 78: a person must change a setting first. 70 says that it could not make its work durable and wants to start anew.
RestartPreventExitStatus=78
TimeoutStopSec=20
{_CONFINED}
[Install]
WantedBy=frontdoor.target
"""


def _watchdog() -> str:
    return f"""\
# The watchdog beside either: its lines in the journal are the alarms. It goes on when the hub is stopped, and says so.
[Unit]
Description=Front Door: watchdog
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart={_INSTALLED}/bin/python -P -m ops.run {_WATCHDOG}
Restart=always
RestartSec=5
TimeoutStopSec=20
MemoryMax=512M
{_CONFINED}
[Install]
WantedBy=multi-user.target
"""


def _all_processes(roles: Sequence[str]) -> str:
    names = [f"frontdoor-{role}" if role == _WATCHDOG else f"frontdoor@{role}" for role in roles]
    wants = "\n".join(f"Wants={name}.service" for name in names)
    return f"""\
# Every process of the hub, each as a unit of its own. `frontdoor topics apply` comes first.
[Unit]
Description=Front Door, process by process
{wants}

[Install]
WantedBy=multi-user.target
"""
