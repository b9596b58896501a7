"""A process that reads a file from outside gives up all else, before it reads a byte of it.

Called in the process itself, once everything is imported: `confine()`. What it reads through is a
descriptor that is open already. Whatever the file does to its reader then, there is no file to
open, no network, no other process, and an end to memory and time. Run as a program it prints which
layers this machine has, for `trappan doctor`.

- **Limits** (setrlimit), everywhere: memory, processor, no file may grow, no core, few descriptors.
- **Own user**: where it runs as root it becomes nobody.
- **Landlock** (Linux 5.13): no file can be opened; since 6.7 no TCP, since 6.12 no
  signal and no abstract socket.
- **seccomp**, where the system has libseccomp: no socket, no fork, no exec, no look into others.
- **Namespaces**, where one of the two is missing: no network, and an empty folder as root.

It imports the standard library only. Not here: how it is started, and what it may send back
(`answers.py`).
"""

from __future__ import annotations

import codecs
import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Collection
from contextlib import suppress

_NOBODY = 65_534
_DESCRIPTORS = 16
_PROBE_MEMORY = 256 << 20
_PROBE_SECONDS = 5

_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES = 1, 4, 38
_KILL = 9
_NEW_NETWORK, _NEW_USER = 0x4000_0000, 0x1000_0000
# landlock_create_ruleset and landlock_restrict_self: the same numbers on every machine but alpha.
_CREATE, _RESTRICT = 444, 446
_VERSION = 1
# By the first version that knows them: rights on files, on TCP, and on what else reaches others.
_FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
_SINCE_TCP, _SINCE_SIGNALS = 4, 6
_ALLOW, _REFUSE = 0x7FFF_0000, 0x0005_0001
_FORBIDDEN = (
    *("fork", "vfork", "clone", "clone3", "execve", "execveat"),
    *("socket", "socketpair", "connect", "bind", "sendto", "sendmsg", "sendmmsg"),
    *("kill", "tkill", "tgkill", "pidfd_open", "pidfd_getfd", "pidfd_send_signal"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp"),
    *("unshare", "setns", "mount", "umount2", "chroot", "pivot_root", "open_by_handle_at"),
    *("bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "keyctl", "add_key"),
    *("request_key", "shmget", "msgget", "semget", "mq_open", "memfd_create", "init_module"),
)

# Tables of letters that are else looked for when they are met: names in a zip, XML of old programs.
_ENCODINGS = ("cp437", "cp1252", "iso8859-1", "iso8859-15", "utf-16", "utf-8-sig")

Libc = ctypes.CDLL


def confine(memory: int, seconds: int, without: Collection[str] = ()) -> dict[str, str]:
    """Give up files, network and other processes for good; return what holds each of them.

    Args:
        memory: bytes of addresses.
        seconds: of the processor.
        without: layers that are left out, for tests of the others.
    """
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    libc = ctypes.CDLL(None, use_errno=True)
    _limit(memory, seconds)
    libc.prctl(_SET_DEATH_SIGNAL, _KILL, 0, 0, 0)
    libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    held: dict[str, str] = {"limits": "memory, processor, file size"}
    # Loaded first: afterwards no file can be opened.
    library = None if "seccomp" in without else _seccomp_library()
    files = 0 if "landlock" in without else _landlock(libc)
    if not (files and library) and "namespaces" not in without and _namespaces(libc):
        held |= {"files": "an empty root", "network": "a namespace"}
    if os.geteuid() == 0 and _become_nobody():
        held["user"] = "nobody"
    _drop_capabilities(libc)
    libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    if files:
        held["files"] = f"Landlock {files}"
    if library and _seccomp(library):
        held |= {"network": "seccomp", "processes": "seccomp"}
    elif os.geteuid():
        # Root may start as many as it likes.
        held["processes"] = "limits"
    return held


def limit_processor(seconds: int) -> None:
    """Let the process have so many seconds, if it may have as many."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    allowed = seconds if most == resource.RLIM_INFINITY else min(seconds, most)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, most))


def _limit(memory: int, seconds: int) -> None:
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        (resource.RLIMIT_NPROC, 0),
    ):
        _, before = resource.getrlimit(what)
        allowed = most if before == resource.RLIM_INFINITY else min(most, before)
        resource.setrlimit(what, (allowed, allowed))
    limit_processor(seconds)


def _landlock(libc: Libc) -> int:
    """Let no file be opened; return the kernel's version of Landlock, 0 where it has none."""
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return 0
    bits = max(bits for since, bits in _FILE_RIGHTS if version >= since)
    tcp = 3 if version >= _SINCE_TCP else 0
    others = 3 if version >= _SINCE_SIGNALS else 0
    fields = [(1 << bits) - 1, tcp, others][: 1 + (version >= _SINCE_TCP) + (others > 0)]
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    rules = libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        return 0
    try:
        return version if libc.syscall(_RESTRICT, rules, 0) == 0 else 0
    finally:
        os.close(rules)


def _namespaces(libc: Libc) -> bool:
    kinds = _NEW_NETWORK if os.geteuid() == 0 else _NEW_NETWORK | _NEW_USER
    if libc.unshare(kinds):
        return False
    try:
        # A folder of this process's own, without a file that anybody could want.
        os.chroot("/proc/self/fdinfo")
    except OSError:
        return False
    os.chdir("/")
    return True


def _become_nobody() -> bool:
    try:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    except OSError:
        return False
    return True


def _drop_capabilities(libc: Libc) -> None:
    header = struct.pack("=Ii", 0x2008_0522, 0)
    libc.capset(header, bytes(24))


def _seccomp_library() -> Libc | None:
    with suppress(OSError):
        return ctypes.CDLL("libseccomp.so.2")
    return None


def _seccomp(library: Libc) -> bool:
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_load.argtypes = library.seccomp_release.argtypes = [ctypes.c_void_p]
    # Its last arguments are open, and there are none; so many are given in registers anyway.
    library.seccomp_rule_add.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
    ]  # fmt: skip
    rules = library.seccomp_init(_ALLOW)
    if not rules:
        return False
    try:
        for name in _FORBIDDEN:
            number = library.seccomp_syscall_resolve_name(name.encode())
            # A machine that has no such call needs no rule against it.
            if number >= 0 and library.seccomp_rule_add(rules, _REFUSE, number, 0):
                return False
        return bool(library.seccomp_load(rules) == 0)
    finally:
        library.seccomp_release(rules)


def main() -> None:
    """Print what holds what, a line each; arguments are layers to leave out."""
    print(f"kernel\t{platform.release()}")
    for what, layer in confine(_PROBE_MEMORY, _PROBE_SECONDS, sys.argv[1:]).items():
        print(f"{what}\t{layer}")


if __name__ == "__main__":
    main()
