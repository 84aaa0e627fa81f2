"""``cartrl watch``."""

from pathlib import Path
from typing import Any, Optional

from numpy.typing import NDArray

from cartrl.policies import sidecar
from cartrl.policies.loading import ArrayPolicy
from cartrl.policies.sidecar import ARRAYS, SavedPolicy
from cartrl.report import watch
from cartrl.runs.finding import find_policy
from cartrl.system import files, quiet
from cartrl.system.console import Console
from cartrl.system.paths import require_writable
from cartrl.terminal import tables


def run(checkpoint: Optional[str], output: Path) -> None:
    """Write the page of the policy that ``checkpoint`` names to ``output``."""
    require_writable(output, "page", (".html",))
    saved = sidecar.read(find_policy(checkpoint))
    watch.require_known(saved.environment)
    page = watch.html(arrays_of(saved), saved.environment, saved.agent, f"{saved.directory}, step {saved.step:,}")
    files.write_text(output, page)
    tables.lines(Console(), "page", [str(output)])


def arrays_of(saved: SavedPolicy) -> dict[str, NDArray[Any]]:
    """Return the arrays of a policy; TensorFlow is imported where it was not exported as such.

    Raises:
        UsageError: for a policy that arrays cannot hold.
    """
    if (saved.directory / ARRAYS).is_file():
        return ArrayPolicy(saved).arrays
    with quiet.loading():
        from cartrl.policies.portable import arrays
        from cartrl.policies.portable.original import Original

        return arrays.of(Original(saved))
