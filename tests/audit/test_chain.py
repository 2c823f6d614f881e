"""The ledger: what the database sets itself, what it refuses, and what verification then sees."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction

import audit.actions
from audit.merkle import Tree
from audit.models import Event
from audit.verification import hash_of, verify


def write(count=3):
    for number in range(count):
        with transaction.atomic():
            audit.actions.record(
                "thing.done", subject=f"S{number}", bureau="451423", by="tester", reason="因为", n=1
            )


def faults():
    return [fault.what for result in verify() for fault in result.faults]


@pytest.mark.django_db
def test_the_database_sets_number_time_and_hash():
    write()

    events = list(Event.objects.order_by("number"))

    assert [event.number for event in events] == [1, 2, 3]
    assert events[1].previous == events[0].hash
    assert all(event.hash == hash_of(event) for event in events)
    assert events[0].details == '{"n": 1, "reason": "因为"}'


@pytest.mark.django_db
def test_a_chosen_number_time_or_hash_is_overwritten():
    Event.objects.create(
        number=99, kind="a.b", subject="S", bureau="", actor="x", details="{}", hash="f" * 64
    )

    event = Event.objects.get()

    assert event.number == 1
    assert event.hash == hash_of(event)


@pytest.mark.django_db
def test_it_refuses_an_event_without_an_actor():
    with pytest.raises(ValueError, match="who did it"):
        audit.actions.record("a.b", subject="S", bureau="", by="")


def test_it_refuses_an_event_outside_a_transaction(fresh_database):
    with pytest.raises(RuntimeError, match="transaction"):
        audit.actions.record("a.b", subject="S", bureau="", by="x")


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_event SET subject = 'other'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
    ],
)
@pytest.mark.parametrize("role", ["default", "owner"])
def test_neither_role_can_change_what_stands_there(fresh_database, role, attack):
    write()
    with pytest.raises(DatabaseError), connections[role].cursor() as cursor:
        cursor.execute(attack)
    assert Event.objects.filter(subject="S1", actor="tester").count() == 1


@pytest.mark.parametrize(
    "attack",
    [
        "DROP TABLE audit_event",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "UPDATE audit_head SET number = 0",
        "DELETE FROM audit_checkpoint",
        "INSERT INTO audit_event SELECT * FROM audit_event"
        " ON CONFLICT (number) DO UPDATE SET actor = 'x'",
        "CREATE OR REPLACE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ],
)
@pytest.mark.django_db
def test_the_web_role_cannot_touch_the_walls(attack):
    write()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)


@pytest.mark.django_db
def test_verification_of_an_untouched_chain_finds_nothing(capsys):
    write(20)

    assert faults() == []
    call_command("verify")
    assert "audit.chain" in capsys.readouterr().out


@pytest.mark.django_db
def test_a_checkpoint_kept_outside_and_a_receipt_are_checked(tmp_path, capsys):
    write(5)
    kept = tmp_path / "point.json"
    call_command("checkpoint", out=str(kept))
    write(2)
    first = Event.objects.get(number=1)

    call_command("verify", checkpoint=str(kept), receipt=[f"1:{first.hash[:16]}"])

    with pytest.raises(SystemExit):
        call_command("verify", receipt=["1:0000"])
    kept.write_text(kept.read_text().replace('"root": "', '"root": "0'))
    with pytest.raises(SystemExit):
        call_command("verify", checkpoint=str(kept))
    assert "与记录不符" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_merkle_root_is_that_of_rfc_6962():
    tree = Tree()
    assert tree.root() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    roots = []
    for leaf in ("", "00", "10", "2021", "3031", "40414243"):
        tree.append(bytes.fromhex(leaf))
        roots.append(tree.root())
    assert roots[0] == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert roots[1] == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert roots[2] == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
