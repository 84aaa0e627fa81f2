"""Frames of calls beneath `with_room` take no new memory, at whatever depth a loop calls a function."""

import resource
import sys

import pytest

from cartrl.system.frames import with_room

CALLS, DEPTHS = 300, range(200)


def page_faults(depth: int) -> int:
    """Return how many page faults ``CALLS`` calls take at ``depth``."""
    if depth:
        return page_faults(depth - 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(CALLS):
        nothing(0, 0, 0, 0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def nothing(a, b, c, d):
    e, f, g, h = a, b, c, d
    return max(e, f, g, h)


def most_page_faults() -> int:
    return max(page_faults(depth) for depth in DEPTHS)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python kept frames elsewhere before 3.11")
def test_a_loop_of_calls_maps_no_memory():
    assert most_page_faults() >= CALLS  # somewhere a chunk ends
    assert with_room(lambda: most_page_faults())() < CALLS
