"""Which builtins only wait: for a lock, a timer, another process or the network.

By wall clock a thread that waits takes as long as one that works, so that the sum over all threads
is much longer than the run. These builtins return when something happens elsewhere, and use no
processor meanwhile. What may wait and may work is not among them: reading a file or a pipe, and
sending, which copies to the kernel. Nor is a ``with lock:``, whose waiting is no call that a
profiler sees; it is own time of the function around it.
"""

from __future__ import annotations

from pytest_zacperf.profile_files.text import builtin_name
from pytest_zacperf.records import ProfiledFunction

# Of these types (first) these methods (second).
_METHODS = {
    # Below threading's Condition, Event, Semaphore, Barrier and Thread.join, queue.Queue, futures.
    "_thread.lock": ("acquire", "acquire_lock", "__enter__"),
    "_thread.RLock": ("acquire", "__enter__", "_acquire_restore"),
    "_thread._ThreadHandle": ("join",),  # Thread.join from Python 3.13 on
    "_queue.SimpleQueue": ("get",),
    "_multiprocessing.SemLock": ("acquire", "__enter__"),
    # An event loop, and socketserver, wait here.
    "select.poll": ("poll",),
    "select.epoll": ("poll",),
    "select.devpoll": ("poll",),
    "select.kqueue": ("control",),
    # What only takes in returns when the other side has sent.
    "_socket.socket": (
        *("_accept", "connect", "connect_ex", "recv", "recv_into"),
        *("recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"),
    ),
    "_ssl._SSLSocket": ("do_handshake", "read"),
}
# Of these modules (first) these functions (second).
_FUNCTIONS = {
    "time": ("sleep",),
    "select": ("select",),
    # The addresses of names come from a server.
    "_socket": ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"),
    "posix": ("wait", "wait3", "wait4", "waitid", "waitpid"),  # another process ends
    "_signal": ("pause", "sigtimedwait", "sigwait", "sigwaitinfo"),
    "fcntl": ("flock", "lockf"),
}

WAITING = frozenset(
    {
        f"<method '{name}' of '{type_}' objects>"
        for type_, names in _METHODS.items()
        for name in names
    }
    | {f"{module}.{name}" for module, names in _FUNCTIONS.items() for name in names}
)


def waits(function: ProfiledFunction) -> bool:
    """Return whether a function only waits."""
    return function.is_builtin and builtin_name(function) in WAITING
