"""What keeps an answer in: bubblewrap, which makes namespaces of the Linux kernel for one program.

Behind the walls are Python, the course without its notebooks, an empty folder for files, and no more: no network, no
files of others, no processes but its own, no privileges, and no namespaces of its own that would give some; all ends
with the process that began it.

Not contained is the judgement itself, since answer and check share a process: an answer that is out to deceive its
check can. `trees` points out what looks like it.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from helpers.support.environment import ROOT

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
SYSTEM += ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")
OURS = (Path(sys.prefix), Path(sys.base_prefix), *(ROOT / name for name in ("helpers", "data", "tools", "classroom")))
WRITABLE = "/tmp"
WRITABLE_MB = 50
NAMESPACES = ("--unshare-all", "--unshare-user", "--disable-userns", "--as-pid-1", "--die-with-parent")
NAMESPACES += ("--new-session", "--cap-drop", "ALL")

REMEDY = (
    "Install it, 0.8 or later (Debian, Ubuntu: apt install bubblewrap; on Windows and macOS in a Linux machine, such "
    "as WSL), or add TRUST=1 (without make: --trust) if you would run these notebooks yourself."
)
WARNING = (
    "Without walls: an answer can read, change and delete your files, use the network, start programs that go on, and "
    "forge the results of its notebook. Only the time limit holds."
)


class Missing(Exception):
    """There is no bubblewrap here, or it does not work, and why."""


def command() -> list[str]:
    """What to write in front of a command, so that it runs behind the walls. Raises Missing."""
    program = shutil.which("bwrap")
    if program is None:
        raise Missing("bubblewrap, which keeps answers away from your files and the network, is not installed.")
    behind = [program, *NAMESPACES, "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    behind += ["--size", str(WRITABLE_MB << 20), "--tmpfs", WRITABLE]
    for path in dict.fromkeys([*map(Path, SYSTEM), *OURS, *(path.resolve() for path in OURS)]):
        behind += ["--ro-bind-try", str(path), str(path)]
    behind += ["--remount-ro", "/", "--chdir", WRITABLE]
    tried = subprocess.run([*behind, sys.executable, "-c", ""], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise Missing(f"bubblewrap does not work here ({tried.stderr.strip()}).")
    return behind
