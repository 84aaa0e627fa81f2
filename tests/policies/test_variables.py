"""The digest of a policy's variables: their values as TensorFlow reads them, and nothing else that is in the files."""

import hashlib
import shutil

import pytest
import tensorflow as tf

from cartrl.errors import UsageError
from cartrl.policies import variables
from cartrl.runs.directory import RunDirectory

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def by_tensorflow(policy):
    reader = tf.train.load_checkpoint(str(policy / "variables" / "variables"))
    found = hashlib.sha256()
    for name in sorted(set(reader.get_variable_to_shape_map()) - {GRAPH}):
        found.update(name.encode() + b"\0" + reader.get_tensor(name).tobytes())
    return found.hexdigest()


def test_it_is_that_of_what_tensorflow_reads(short_run):
    run = RunDirectory(short_run.directory)
    found = variables.digests(run)
    assert found == {"best": by_tensorflow(run.best_policy), "final": by_tensorflow(run.final_policy)}
    assert variables.digest(run.kept_policy(0)) != found["final"]


def saved(directory, names):
    """Save three variables beside a module of each of ``names``, as a process with other layers would."""
    module = tf.Module()
    module.held = [tf.Variable([1.0, 2.0], name=name) for name in names]
    tf.train.Checkpoint(model_variables=module.held).write(str(directory / "variables" / "variables"))
    return directory


def test_names_of_layers_do_not_count_and_values_do(tmp_path):
    one, other = (
        saved(tmp_path / kind, [f"{kind}_{index}" for index in range(12)]) for kind in ("dense", "dense_other")
    )
    assert (one / variables.DATA).read_bytes() != (other / variables.DATA).read_bytes()
    assert variables.digest(one) == variables.digest(other) == by_tensorflow(one)
    content = bytearray((one / variables.DATA).read_bytes())
    place = content.index(b"\x00\x00\x80\x3f\x00\x00\x00\x40")  # 1.0 and 2.0
    content[place] = 1
    (one / variables.DATA).write_bytes(content)
    assert variables.digest(one) != variables.digest(other)


@pytest.mark.parametrize("size", [0, 7, 48, 200])
def test_damaged_files_are_refused(short_run, tmp_path, size):
    policy = shutil.copytree(short_run.directory / "policies/final", tmp_path / "policy")
    (policy / variables.INDEX).write_bytes((policy / variables.INDEX).read_bytes()[-size:] if size else b"")
    with pytest.raises(UsageError, match="not the variables of a policy"):
        variables.digest(policy)
