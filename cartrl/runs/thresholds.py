"""The reward threshold of a run, a study or a sweep: the mean return from which its environment counts as solved."""

from typing import Any, Optional

from cartrl.settings import EnvironmentSettings
from cartrl.settings.section import has_type
from cartrl.settings.suites import GYM


def reward_threshold(manifest: dict[str, Any], environment: EnvironmentSettings) -> Optional[float]:
    """Return the reward threshold in the manifest of a run, a study or a sweep.

    Manifests of older versions hold none. For those, gym is imported and asked, unless the environment is of another
    module, because that would run the module's code.
    """
    if "reward_threshold" in manifest:
        threshold = manifest["reward_threshold"]
        return float(threshold) if has_type(threshold, float) else None
    is_gyms_own = environment.suite == GYM and ":" not in environment.env_name
    return _of_gym(environment) if is_gyms_own else None


def _of_gym(environment: EnvironmentSettings) -> Optional[float]:
    from cartrl.system import quiet

    quiet.prepare()
    with quiet.held_back():
        from cartrl.environments import suite

        return suite.solved_from(environment)[0]
