"""The collectors that have joined a learner, and which of them plays which rows of which turn."""

import itertools
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Optional

import tensorflow as tf
from numpy.typing import NDArray

from cartrl.errors import CartrlError
from cartrl.experience.collectors.positions import Position, packed
from cartrl.experience.remote.channel import SMALL, Channel, LostError, numbered
from cartrl.experience.remote.forms import Arrays, Form, RowPlayer
from cartrl.randomness import Turn

Policy = list[NDArray[Any]]  # the values of its variables


@dataclass(eq=False)
class Order:
    """A turn that is to be played with a policy, and what has been played of it."""

    turn: Turn
    policy: Policy
    played: dict[int, Arrays] = field(default_factory=dict)  # by row
    given: set[int] = field(default_factory=set)  # rows that are being played


@dataclass(eq=False)
class Member:
    """A collector that has joined."""

    name: str  # as warnings call it
    channel: Channel
    policy: Optional[Policy] = None  # that it has
    order: Optional[Order] = None  # that it plays rows of
    rows: Sequence[int] = ()


class Team:
    """Has turns played by the collectors that have joined, and by this process while there are none.

    A collector plays some rows of a turn at a time. What they are is a function of the turn, the policy, and where the
    rows' environments stand, so it does not matter who plays them, or how often. The rows of a collector that is lost
    are played again by another one.

    Args:
        form: what a row is.
        here: plays where no collector is.
        tell: is given a sentence for the user when a collector is lost.
    """

    def __init__(self, form: Form, here: RowPlayer, tell: Callable[[str], None]):
        self.form = form
        self.positions: list[Position] = []  # of all rows, where environments stand anywhere between turns
        self._here = here
        self._tell = tell
        self._changed = threading.Condition()  # held while anything below is looked at or changed
        self._members: list[Member] = []
        self._orders: list[Order] = []  # of which not all rows have been taken, in the order of their turns
        self._holders: list[Optional[Member]] = []  # by row, whose environment stands there; None for that of `here`
        self._failure: Optional[str] = None

    def begin(self, positions: list[Position], is_here: bool) -> None:
        """Forget all orders; environments stand at ``positions``, those of this process if ``is_here``."""
        with self._changed:
            self._orders.clear()
            self.positions = positions
            nobody = Member("nobody", None)  # type: ignore[arg-type]
            self._holders = [None if is_here else nobody] * self.form.size

    def order(self, turn: Turn, policy: Policy) -> Order:
        """Have ``turn`` played with ``policy``, after the turns that were ordered before."""
        order = Order(turn, policy)
        with self._changed:
            self._orders.append(order)
            self._give()
        return order

    def wait_for(self, order: Order, present: Policy) -> list[Arrays]:
        """Return what each row has played of ``order``, the oldest; play rows here while there is no collector.

        The variables of this process hold the policy ``present``.

        Raises:
            CartrlError: when an environment fails.
        """
        rows = range(self.form.size)
        while True:
            with self._changed:
                while self._members and len(order.played) < len(rows) and self._failure is None:
                    self._changed.wait()
                if self._failure is not None:
                    raise CartrlError(self._failure)
                if len(order.played) == len(rows):
                    self._orders.remove(order)
                    return [order.played[row] for row in rows]
                left = [row for row in rows if row not in order.played]
                order.given.update(left)
                moved = self._moved(left, None)
            with nullcontext() if order.policy is present else _assigned(self._here.variables, order.policy):
                arrays = self._here.play_rows(order.turn, left, moved)
            with self._changed:
                self._take(None, order, left, arrays)

    def join(self, name: str, channel: Channel, joined: Callable[[], None]) -> None:
        """Let a collector play until it is lost, in the thread that hears it; ``joined`` is called at the beginning."""
        member = Member(name, channel)
        with self._changed:
            self._members.append(member)
            self._give()
        joined()
        try:
            while True:
                facts, arrays = channel.receive(2 * self.form.bytes + SMALL)
                with self._changed:
                    self._hear(member, facts, arrays)
        except LostError as error:
            with self._changed:
                self._lose(member, str(error))
                self._give()

    def close(self) -> None:
        """Let all collectors go."""
        with self._changed:
            leaving, self._members = self._members, []
        for member in leaving:
            member.channel.end()

    def _hear(self, member: Member, facts: dict[str, Any], arrays: Arrays) -> None:
        order, rows = member.order, member.rows
        if "failed" in facts:
            self._failure = str(facts["failed"])
            self._changed.notify_all()
            return
        if order is None or not self.form.fits(arrays, len(rows)):
            raise LostError("it sent what nobody had asked for")
        member.order = None
        if order in self._orders:  # which it is not if another run has begun
            self._take(member, order, rows, arrays)
        self._give()

    def _take(self, holder: Optional[Member], order: Order, rows: Sequence[int], arrays: Arrays) -> None:
        """Take in what ``holder`` has played."""
        for place, row in enumerate(rows):
            order.played[row] = part = {name: array[place] for name, array in arrays.items()}
            self._holders[row] = holder
            if self.positions:
                self.positions[row] = self.form.after(self.positions[row], part)
        order.given.difference_update(rows)
        self._changed.notify_all()

    def _lose(self, member: Member, reason: str) -> None:
        """Forget a collector; what it was playing is to be played by another."""
        if member not in self._members:
            return
        self._members.remove(member)
        member.channel.end()
        if member.order is not None:
            member.order.given.difference_update(member.rows)
        self._tell(f"{member.name} is lost ({reason}); what it was playing is played again")
        self._changed.notify_all()

    def _give(self) -> None:
        """Give each collector that has nothing to do some rows that are to be played."""
        while not all(self._send(*gift) for gift in self._gifts()):
            pass  # a collector was lost, and another may have its rows

    def _gifts(self) -> Iterator[tuple[Member, Order, list[int]]]:
        later: set[int] = set()  # rows of which a turn before is not played yet
        for order in self._orders:
            left = [row for row in range(self.form.size) if row not in order.played]
            free = [row for row in left if row not in order.given and row not in later]
            later.update(left)
            idle = [member for member in self._members if member.order is None]
            for member, rows in shares(free, idle, self._holders):
                yield member, order, rows

    def _send(self, member: Member, order: Order, rows: list[int]) -> bool:
        """Have ``member`` play ``rows``; return False if it is lost."""
        moved = self._moved(rows, member)
        try:
            if member.policy is not order.policy:
                member.channel.send({"policy": True}, numbered(order.policy))
                member.policy = order.policy
            asked = {"turn": order.turn, "rows": rows, "moved": list(moved)}
            member.channel.send(asked, packed([*moved.values()]) if moved else {})
        except LostError as error:
            self._lose(member, str(error))
            return False
        member.order, member.rows = order, rows
        order.given.update(rows)
        return True

    def _moved(self, rows: Sequence[int], holder: Optional[Member]) -> dict[int, Position]:
        """Return where those of ``rows`` stand whose environments are not at ``holder``."""
        if not self.positions:
            return {}
        return {row: self.positions[row] for row in rows if self._holders[row] is not holder}


def shares(
    rows: Sequence[int], idle: Sequence[Member], holders: Sequence[Optional[Member]]
) -> Iterator[tuple[Member, list[int]]]:
    """Yield who of ``idle`` plays which of ``rows``: as many each, and where they can, those that they have already."""
    most = math.ceil(len(rows) / max(1, len(idle)))
    kept = [[row for row in rows if holders[row] is member][:most] for member in idle]
    left = iter([row for row in rows if not any(row in own for own in kept)])
    for member, own in zip(idle, kept):
        share = sorted([*own, *itertools.islice(left, most - len(own))])
        if share:
            yield member, share


@contextmanager
def _assigned(variables: Sequence[tf.Variable], policy: Policy) -> Iterator[None]:
    """Give ``variables`` the values of ``policy``, which may be an earlier one, and then their own again."""
    own = [variable.numpy() for variable in variables]
    for variable, value in zip(variables, policy):
        variable.assign(value)
    yield
    for variable, value in zip(variables, own):
        variable.assign(value)
