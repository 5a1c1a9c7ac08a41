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
from pathlib import Path
from typing import Any

PROMISES = {
    "files": "it reads no file but those of Python, NumPy and funcnn, and writes none",
    "network": "it has no network",
    "processes": "it starts no process or thread, and reaches no other one",
    "limits": "its time and memory are limited by the system",
}

# System calls that are refused: the network; what starts, ends, changes or reads processes; what goes around the filter
# or leaves memory behind. Their numbers on MACHINES are those of asm/unistd.h, - where there is no such call.
CALLS = """
    socket 41 198   io_uring_setup 425 425   bpf 321 280   userfaultfd 323 282   fork 57 -   vfork 58 -
    clone 56 220   clone3 435 435   execve 59 221   execveat 322 281   unshare 272 97   setns 308 268   kill 62 129
    tkill 200 130   tgkill 234 131   pidfd_send_signal 424 424   rt_sigqueueinfo 129 138   rt_tgsigqueueinfo 297 240
    setpgid 109 154   setsid 112 157   ptrace 101 117   process_vm_readv 310 270   process_vm_writev 311 271
    prlimit64 302 261   pidfd_open 434 434   pidfd_getfd 438 438   perf_event_open 298 241   shmget 29 194
    add_key 248 217   keyctl 250 219
"""
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # linux/audit.h
X32 = 0x40000000  # calls of x86_64 with addresses of 32 bits have numbers from here on
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # instructions of the filter (linux/bpf_common.h)
ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # REFUSE: the call fails with EPERM
CAPABILITIES = 0x20080522  # the version of capset(2)
SET_NO_NEW_PRIVS, SET_SECCOMP, FILTER = 38, 22, 2
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # on every machine
READ_FILE, READ_DIR, SIGNALS = 4, 8, 2


def confine(folders: Iterable[str], seconds: int, memory: int) -> dict[str, bool]:
    """Confine this process, and say which of `PROMISES` hold. It may read `folders`, which may be files too."""
    limited = _limit(seconds, memory)
    if sys.platform != "linux":
        return dict.fromkeys(PROMISES, False) | {"limits": limited}
    system = ctypes.CDLL(None, use_errno=True)
    system.capset(struct.pack("II", CAPABILITIES, 0), bytes(24))  # root without the rights of root
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
    if version >= 6:
        wanted += struct.pack("QQ", 0, SIGNALS)  # 0: the network is refused below
    rules = system.syscall(CREATE_RULESET, wanted, ctypes.c_size_t(len(wanted)), 0)
    for folder in folders:
        with suppress(FileNotFoundError):
            place = os.open(folder, os.O_PATH)
            right = struct.pack("=Qi", READ_FILE | READ_DIR * Path(folder).is_dir(), place)
            system.syscall(ADD_RULE, rules, 1, right, 0)
            os.close(place)
    return system.syscall(RESTRICT_SELF, rules, 0) == 0


def _refuse_calls(system: Any) -> bool:
    """Let the kernel refuse CALLS, and all calls in the manner of another machine."""
    if (machine := platform.machine()) not in MACHINES:
        return False
    steps = filter_of(machine)
    code = ctypes.create_string_buffer(b"".join([struct.pack("HBBI", *step) for step in steps]))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    done: bool = system.prctl(SET_SECCOMP, FILTER, program, 0, 0) == 0
    return done


def filter_of(machine: str) -> list[tuple[int, int, int, int]]:
    """The instructions: code, how many to skip if the test is true, and if it is false, and the number."""
    numbers = CALLS.split()[1 + list(MACHINES).index(machine) :: 3]
    tests = [(EQUAL, int(number)) for number in numbers if number != "-"] + [(AT_LEAST, X32)]
    load_machine, is_this = (LOAD, 0, 0, 4), (EQUAL, 0, len(tests) + 2, MACHINES[machine])  # 4: where the machine is
    refuse = [(test, len(tests) - i, 0, number) for i, (test, number) in enumerate(tests)]
    return [load_machine, is_this, (LOAD, 0, 0, 0), *refuse, (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
