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
    is_export = (saved.directory / ARRAYS).is_file()
    arrays = ArrayPolicy(saved).arrays if is_export else _of_original(saved)
    page = watch.html(arrays, saved.environment, saved.agent, f"{saved.directory}, step {saved.step:,}")
    files.write_text(output, page)
    tables.lines(Console(), "page", [str(output)])


def _of_original(saved: SavedPolicy) -> dict[str, NDArray[Any]]:
    with quiet.loading():
        from cartrl.policies.portable import arrays
        from cartrl.policies.portable.original import Original

        return arrays.of(Original(saved))
