"""How gunicorn serves the portal; read by its first process, which must load nothing of ours.

What a fork takes along has no threads any more: DuckDB's and polars' would be waited for in vain.
"""

from __future__ import annotations

from typing import Any

worker_class = "gthread"
threads = 4
timeout = 60
umask = 0o077
proc_name = "trappan-portal"
# A log of requests would say which pupil's page somebody opened, beside the access log.
accesslog = None
loglevel = "warning"
control_socket_disable = True


def worker_exit(_arbiter: Any, _worker: Any) -> None:
    """Close the lake before the process ends."""
    from portal.home import the_home  # noqa: PLC0415

    if the_home.cache_info().currsize:
        the_home().close()
