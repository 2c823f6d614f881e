"""Recomputes what must not have changed. Never stops at the first fault, trusts no stored hash.

Apps above register a checker of their own with `@checker("documents.files")` in their
`checks.py`; `manage.py verify` runs them all.
"""

import dataclasses
import hashlib
import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, transaction

from audit.merkle import Tree
from audit.models import Checkpoint, Event


@dataclass(frozen=True)
class Fault:
    """Something that is not as it was written: where, and what."""

    where: str
    what: str


@dataclass
class Result:
    """What one checker looked at, and what it found."""

    checker: str
    looked_at: int = 0
    faults: list[Fault] = dataclasses.field(default_factory=list)


Checker = Callable[[Result], None]
_CHECKERS: dict[str, Checker] = {}
START = "0" * 64


def checker(name: str) -> Callable[[Checker], Checker]:
    """Register a checker: it counts in `result.looked_at` and appends to `result.faults`."""

    def register(check: Checker) -> Checker:
        _CHECKERS[name] = check
        return check

    return register


def verify() -> list[Result]:
    """Run every checker; one that crashes is a fault of its own, not an end."""
    _load_checkers()
    results = []
    for name in sorted(_CHECKERS):
        result = Result(name)
        try:
            with transaction.atomic():
                _CHECKERS[name](result)
        except Exception as error:  # noqa: BLE001  what crashes a verifier could hide something
            result.faults.append(Fault(name, f"检查中断：{type(error).__name__} {error}"))
        results.append(result)
    return results


def _load_checkers() -> None:
    for config in apps.get_app_configs():
        try:
            importlib.import_module(f"{config.name}.checks")
        except ModuleNotFoundError as error:
            if error.name != f"{config.name}.checks":
                raise


def hash_of(event: Event) -> str:
    """What the database's trigger must have computed for this event."""
    micros = round(event.at.timestamp() * 1_000_000)
    texts = (event.kind, event.subject, event.bureau, event.actor, event.details)
    parts = [str(event.number), str(micros), *map(_digest, texts), event.previous]
    return _digest(":".join(parts))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def events(until: int | None = None) -> Iterator[Event]:
    """All events in order, or those up to a number, in batches."""
    chain = Event.objects.order_by("number")
    return (chain if until is None else chain.filter(number__lte=until)).iterator(chunk_size=5000)


def check_chain(chain: Iterable[Event], result: Result, checkpoints: dict[int, str]) -> str:
    """Walk the chain; returns the last hash. `checkpoints` maps a size to the root it must have."""
    tree, previous, expected = Tree(), START, 1
    last_at = None
    for event in chain:
        where = f"审计事件 {event.number}"
        if event.number != expected:
            result.faults.append(Fault(where, f"编号不连续，应为 {expected}"))
        if event.previous != previous:
            result.faults.append(Fault(where, "与前一条的衔接不符"))
        if hash_of(event) != event.hash:
            result.faults.append(Fault(where, "内容与哈希不符"))
        if last_at is not None and event.at < last_at:
            result.faults.append(Fault(where, "时间早于前一条"))
        previous, expected, last_at = event.hash, event.number + 1, event.at
        tree.append(event.hash.encode())
        result.looked_at += 1
        root = checkpoints.pop(tree.size, None)
        if root is not None and root != tree.root():
            result.faults.append(Fault(f"检查点 {tree.size}", "默克尔根不符，历史已被改写"))
    result.faults += [Fault(f"检查点 {size}", "事件少于检查点") for size in sorted(checkpoints)]
    return previous


@checker("audit.chain")
def chain(result: Result) -> None:
    with connection.cursor() as cursor:  # one statement, so one moment; later events are not walked
        cursor.execute(
            "SELECT number, hash, (SELECT count(*) FROM audit_event),"
            " (SELECT coalesce(max(number), 0) FROM audit_event) FROM audit_head"
        )
        heads = cursor.fetchall()
    number, last_hash, count, highest = heads[0] if heads else (0, START, -1, -1)
    roots = dict(Checkpoint.objects.filter(size__lte=number).values_list("size", "root"))
    last = check_chain(events(number), result, roots)
    if (count, highest, last) != (number, number, last_hash):
        result.faults.append(Fault("链头", "与最后一条事件不符"))
    for point in Checkpoint.objects.filter(size__gt=number).order_by("size"):
        result.faults.append(Fault(f"检查点 {point.size}", "事件少于检查点"))


@dataclass(frozen=True)
class Walls:
    """What keeps some tables as they are: trigger -> its table, function -> the SHA-256 of its body (so
    that a replaced one shows), and the tables that the web role may only read and append to."""

    triggers: Mapping[str, str]
    functions: Mapping[str, str]
    append_only: Sequence[str]


def check_walls(walls: Walls, result: Result) -> None:
    """Whether triggers are in place and on, functions unchanged, grants as given."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        )
        present = dict(cursor.fetchall())
        cursor.execute(
            "SELECT proname, prosrc FROM pg_proc WHERE proname = ANY(%s)", [[*walls.functions]]
        )
        bodies = {name: _digest(body) for name, body in cursor.fetchall()}
        cursor.execute(
            "SELECT relname || ' ' || privilege_type FROM pg_class, aclexplode(relacl)"
            " WHERE relname = ANY(%s)"
            " AND (grantee = 0 OR grantee = 'neiguan_web'::regrole)"
            " AND privilege_type NOT IN ('SELECT', 'INSERT')",
            [[*walls.append_only]],
        )
        grants = [grant for (grant,) in cursor.fetchall()]
    result.looked_at = len(walls.triggers) + len(walls.functions) + 1
    result.faults += [
        Fault(f"触发器 {name}", "缺失或已停用")
        for name, table in walls.triggers.items()
        if present.get(name) != table
    ]
    result.faults += [
        Fault(f"函数 {name}", "已被替换")
        for name, body in walls.functions.items()
        if bodies.get(name) != body
    ]
    result.faults += [Fault("授权", f"网页角色不应有 {grant}") for grant in grants]


WALLS = Walls(
    triggers={
        "audit_event_link": "audit_event",
        "audit_event_stays": "audit_event",
        "audit_event_whole": "audit_event",
        "audit_checkpoint_stays": "audit_checkpoint",
        "audit_checkpoint_whole": "audit_checkpoint",
    },
    functions={
        "audit_link": "fa889e9f0e7db1ab73d2e70727a88e8227309e7380a398ff9e812cbb70f8c7fc",
        "audit_refuse": "60b7b7e0bb6ea245d2769cbb3fb78300b914a4b39e8e24c8281c23e62172fb19",
    },
    append_only=("audit_event", "audit_checkpoint", "audit_head"),
)


@checker("audit.walls")
def walls(result: Result) -> None:
    """The chain's own walls."""
    check_walls(WALLS, result)
