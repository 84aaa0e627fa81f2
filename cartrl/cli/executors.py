"""Who trains a study or a sweep, by the options that its commands share."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Optional

from cartrl.errors import UsageError

if TYPE_CHECKING:
    from cartrl.execution.executor import Executor

VARIABLE = "CARTRL_CLUSTER"


class Chosen(NamedTuple):
    """The options --jobs, --cluster, --ship and --tls."""

    jobs: Optional[int] = None
    cluster: Optional[str] = None
    ship: bool = False
    tls: Optional[tuple[Path, Path, Path]] = None

    @property
    def first(self) -> Optional[str]:
        """The name of the first of them that was given, if any was."""
        given = {"--jobs": self.jobs, "--cluster": self.cluster, "--ship": self.ship or None, "--tls": self.tls}
        return next((name for name, value in given.items() if value is not None), None)

    def executor(self) -> "Executor":
        """Return the executor. That of this machine is left by --jobs alone, whatever the environment says.

        Raises:
            UsageError: when the options contradict each other.
        """
        if self.cluster is not None and self.jobs is not None:
            raise UsageError("--jobs is for processes of this machine; how many tasks a cluster trains its workers say")
        address = self.cluster or (os.environ.get(VARIABLE) if self.jobs is None else None)
        if not address:
            if self.ship or self.tls:
                raise UsageError(
                    f"{'--ship' if self.ship else '--tls'} is for a cluster; give its address as --cluster"
                )
            from cartrl.execution.processes import Processes

            return Processes(self.jobs)
        from cartrl.execution.cluster import Cluster
        from cartrl.execution.scheduler import Address, Certificates

        for file in self.tls or ():
            if not file.is_file():
                raise UsageError(f"--tls {file}: no such file")
        return Cluster(Address(address, Certificates(*self.tls) if self.tls else None, self.ship))
