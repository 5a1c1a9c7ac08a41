"""Confinement of the process that runs a learner's file: no network, no other process, no file but Python's own.

On Linux two filters of the kernel do it, which any user may put on a process of their own, and which cannot be taken
off: Landlock for files (landlock(7)), seccomp for system calls (seccomp(2)). Limits of memory, time and output are
those of `resource`, on other systems too. What a system does not have is said by `confine`.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

PROMISES = {
    "files": "it reads no file but those of Python, NumPy and funcnn, and writes none",
    "network": "it has no network",
    "processes": "it starts no process or thread, and reaches no other one",
    "limits": "its time and memory are limited by the system",
}

# System calls that are refused: the first is socket; the others start, end, change or read processes, or open a way
# around the filter. By machine, as asm/unistd.h numbers them, with the number by which the kernel calls the machine.
CALLS = {
    "x86_64": (
        0xC000003E,
        "41 56 57 58 59 62 101 109 112 129 200 234 248 250 272 297 298 302 308 310 311 321 322 323 424 425 434 435 438",
    ),
    "aarch64": (
        0xC00000B7,
        "198 97 117 129 130 131 138 154 157 217 219 220 221 240 241 261 268 270 271 280 281 282 424 425 434 435 438",
    ),
}
X32 = 0x40000000  # calls of x86_64 with addresses of 32 bits have numbers from here on
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # instructions of the filter (linux/bpf_common.h)
ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # REFUSE: the call fails with EPERM
SET_NO_NEW_PRIVS, SET_SECCOMP, FILTER = 38, 22, 2
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # on every machine
READ_FILE, READ_DIR = 4, 8


def confine(folders: Iterable[str], seconds: int, memory: int) -> dict[str, bool]:
    """Confine this process, and say which of `PROMISES` hold. It may read `folders`, which may be files too."""
    limited = _limit(seconds, memory)
    if sys.platform != "linux":
        return dict.fromkeys(PROMISES, False) | {"limits": limited}
    system = ctypes.CDLL(None, use_errno=True)
    alone = system.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    files = alone and _only_read(system, folders)
    calls = alone and _refuse_calls(system)
    return {"files": files, "network": calls, "processes": calls, "limits": limited}


def _limit(seconds: int, memory: int) -> bool:
    """Limit the time of the processor, the memory, and the bytes of a file to 0."""
    try:
        import resource  # noqa: PLC0415  Windows has no such module

        limits = {"CPU": seconds, "AS": memory, "FSIZE": 0, "NPROC": 0, "CORE": 0}
        for name, most in limits.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    except (ImportError, AttributeError, ValueError, OSError):
        return False
    return True


def _only_read(system: Any, folders: Iterable[str]) -> bool:
    """Let the kernel refuse all files but those below `folders`, which may be read."""
    version = system.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    rights = 13 + (version >= 2) + (version >= 3)  # to link elsewhere, and to truncate, are rights since 2 and 3
    wanted = struct.pack("Q", (1 << rights) - 1)
    rules = system.syscall(CREATE_RULESET, wanted, ctypes.c_size_t(len(wanted)), 0)
    for folder in folders:
        with suppress(FileNotFoundError):
            place = os.open(folder, os.O_PATH)
            right = struct.pack("=Qi", READ_FILE | READ_DIR * os.path.isdir(folder), place)
            system.syscall(ADD_RULE, rules, 1, right, 0)
            os.close(place)
    return system.syscall(RESTRICT_SELF, rules, 0) == 0


def _refuse_calls(system: Any) -> bool:
    """Let the kernel refuse CALLS, and all calls in the manner of another machine."""
    if (machine := platform.machine()) not in CALLS:
        return False
    kind, numbers = CALLS[machine]
    tests = [(EQUAL, int(number)) for number in numbers.split()] + [(AT_LEAST, X32)]
    steps = [(LOAD, 0, 0, 4), (EQUAL, 0, len(tests) + 2, kind), (LOAD, 0, 0, 0)]  # 4: the machine; 0: the call
    steps += [(test, len(tests) - i, 0, number) for i, (test, number) in enumerate(tests)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    code = b"".join([struct.pack("HBBI", *step) for step in steps])
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(kept := ctypes.create_string_buffer(code)))
    done: bool = system.prctl(SET_SECCOMP, FILTER, program, 0, 0) == 0
    return done and bool(kept)
