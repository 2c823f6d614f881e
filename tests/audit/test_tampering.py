"""Attacks of the schema's owner, who can do what the web role cannot: verification must see them."""

import pytest
from django.db import connections, transaction
from django.utils import timezone

import audit.actions
from audit.actions import take_checkpoint
from audit.verification import verify

OFF = "ALTER TABLE audit_event DISABLE TRIGGER ALL;"
ON = "ALTER TABLE audit_event ENABLE TRIGGER ALL;"
REHASH = """
DO $$ DECLARE e audit_event%ROWTYPE; before text := repeat('0', 64); BEGIN
FOR e IN SELECT * FROM audit_event ORDER BY number LOOP
  UPDATE audit_event SET previous = before, hash = encode(sha256(convert_to(
    e.number || ':' || (extract(epoch FROM e.at) * 1000000)::bigint
    || ':' || encode(sha256(convert_to(e.kind, 'UTF8')), 'hex')
    || ':' || encode(sha256(convert_to(e.subject, 'UTF8')), 'hex')
    || ':' || encode(sha256(convert_to(e.bureau, 'UTF8')), 'hex')
    || ':' || encode(sha256(convert_to(e.actor, 'UTF8')), 'hex')
    || ':' || encode(sha256(convert_to(e.details, 'UTF8')), 'hex')
    || ':' || before, 'UTF8')), 'hex') WHERE number = e.number RETURNING hash INTO before;
END LOOP; UPDATE audit_head SET hash = before, number = (SELECT max(number) FROM audit_event); END $$;
"""


@pytest.fixture
def attack(fresh_database):
    """Run SQL as the owner on a chain of nine events, the first six under a checkpoint."""
    for number in range(9):
        with transaction.atomic():
            audit.actions.record("thing.done", subject=f"S{number}", bureau="", by="tester")
        if number == 5:
            take_checkpoint(at=timezone.now())

    def run(text):
        with connections["owner"].cursor() as cursor:
            cursor.execute(text)
        return [fault.what for result in verify() for fault in result.faults]

    return run


def test_the_chain_is_clean_before(attack):
    assert attack("SELECT 1") == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_event SET details = '{}' || ' ' WHERE number = 3",
        "UPDATE audit_event SET actor = 'other' WHERE number = 3",
        "UPDATE audit_event SET at = at + interval '1 microsecond' WHERE number = 3",
        "UPDATE audit_event SET subject = 'x', bureau = 'y' WHERE number = 9",
        "DELETE FROM audit_event WHERE number = 4",
        "DELETE FROM audit_event WHERE number = 9",
        "DELETE FROM audit_event WHERE number = 1",
        "DELETE FROM audit_event",
        "UPDATE audit_event SET number = 100 WHERE number = 9",
        "UPDATE audit_event SET hash = repeat('0', 64) WHERE number = 9",
    ],
)
def test_a_changed_row_shows(attack, change):
    assert attack(f"{OFF} {change}; {ON}")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE audit_event DISABLE TRIGGER audit_event_stays",
        "DROP TRIGGER audit_event_whole ON audit_event",
        "DROP TRIGGER audit_checkpoint_stays ON audit_checkpoint",
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "GRANT UPDATE ON audit_event TO neiguan_web",
        "GRANT DELETE ON audit_checkpoint TO neiguan_web",
        "GRANT UPDATE ON audit_head TO PUBLIC",
        "UPDATE audit_head SET number = 1",
        "DELETE FROM audit_head",
    ],
)
def test_a_lowered_wall_shows(attack, change):
    assert attack(change)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_event SET actor = 'other' WHERE number = 3",
        "DELETE FROM audit_event WHERE number > 4",
    ],
)
def test_history_rewritten_with_new_hashes_shows_against_the_checkpoint(attack, change):
    assert attack(f"{OFF} {change}; {REHASH} {ON}")
