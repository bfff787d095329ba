"""Writing the audit, and checking that nobody has written in it since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction
from django.utils import timezone

from recutis.web.audit.models import FIRST_HASH, AuditEntry, ChainHead

if TYPE_CHECKING:
    from django.http import HttpRequest

    from recutis.web.accounts.models import User

INSTALLATION: Final = ""
"""The chain of what belongs to no clinic, such as failed sign-ins of unknown addresses."""


def record(
    action: str,
    *,
    chain: str,
    user: User | None = None,
    who: str = "",
    object_type: str = "",
    object_id: object = "",
    patient_id: object = "",
    detail: Mapping[str, Any] | None = None,
    address: str = "",
) -> AuditEntry:
    """Append one entry in the current transaction: it is kept exactly when the change itself is."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # Keys to other rows are checked, and those rows locked, before the head is: every transaction takes them in this order.
            connection.check_constraints()
        ChainHead.objects.get_or_create(chain=chain)
        head = ChainHead.objects.select_for_update().get(chain=chain)
        entry = AuditEntry(
            chain=chain,
            number=head.number + 1,
            at=timezone.now().isoformat(timespec="microseconds"),
            user_id_text=str(user.pk) if user else "",
            who=(who or (user.full_name if user else "nobody signed in"))[:250],
            role=user.role if user else "",
            action=action,
            object_type=object_type,
            object_id=str(object_id or ""),
            patient_id_text=str(patient_id or ""),
            detail=dict(detail or {}),
            address=address,
            previous_hash=head.hash,
        )
        entry.hash = entry.computed_hash()
        entry.save()
        head.number, head.hash = entry.number, entry.hash
        head.save(update_fields=["number", "hash"])
    return entry


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with one chain, in words."""

    chain: str
    number: int
    what: str


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What a check of all chains found; `heads` are the newest hashes, to be kept elsewhere and compared next time."""

    entries: int
    heads: Mapping[str, tuple[int, str]]
    faults: tuple[Fault, ...]


def _faults_of(head: ChainHead) -> Iterator[Fault | int]:
    expected, before, seen = 1, FIRST_HASH, 0
    for entry in AuditEntry.objects.filter(chain=head.chain).order_by("number").iterator(chunk_size=2000):
        seen += 1
        if entry.number != expected:
            yield Fault(chain=head.chain, number=expected, what=f"entries {expected} to {entry.number - 1} are missing")
        elif entry.previous_hash != before:
            yield Fault(chain=head.chain, number=entry.number, what="does not follow the entry before it")
        if entry.hash != entry.computed_hash():
            yield Fault(chain=head.chain, number=entry.number, what="was changed after it was written")
        expected, before = entry.number + 1, entry.hash
    if (head.number, head.hash) != (expected - 1, before):
        yield Fault(
            chain=head.chain, number=head.number, what=f"the newest entries are missing or changed (last found: {expected - 1})"
        )
    yield seen


def verify(known: Mapping[str, tuple[int, str]] | None = None, *, only: str | None = None) -> Verified:
    """Check every chain (or `only` one) from its first entry to its head, and that heads noted earlier (`known`) are in them."""
    faults: list[Fault] = []
    total = 0
    heads: dict[str, tuple[int, str]] = {}
    chains = ChainHead.objects.order_by("chain")
    for head in chains if only is None else chains.filter(chain=only):
        heads[head.chain] = (head.number, head.hash)
        for found in _faults_of(head):
            if isinstance(found, Fault):
                faults.append(found)
            else:
                total += found
    without_head = set() if only is not None else set(AuditEntry.objects.values_list("chain", flat=True).distinct()) - set(heads)
    faults += [Fault(chain=name, number=0, what="entries without a head") for name in sorted(without_head)]
    for chain, (number, noted) in (known or {}).items():
        there = AuditEntry.objects.filter(chain=chain, number=number).values_list("hash", flat=True).first()
        if number and there != noted:
            faults.append(Fault(chain=chain, number=number, what="is not the entry that was noted earlier"))
    return Verified(entries=total, heads=heads, faults=tuple(faults))


def address_of(request: HttpRequest) -> str:
    """The address a request came from, as the server saw it."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]
