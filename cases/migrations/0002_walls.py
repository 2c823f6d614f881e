"""Row-level security; and what is signed, approved or locked is refused every change, for everybody."""

from django.db import migrations

SCOPED = ("cases_interview", "cases_inspection", "cases_conclusion")
FINAL = ("cases_sealedrecord", "cases_paper", "cases_addendum", "cases_review")
OF_INSPECTION = (
    "cases_stockline", "cases_photo", "cases_doubtanswer", "cases_signature"
)  # fmt: skip
OF_INTERVIEW = ("cases_attempt", "cases_interviewitem")

WALLS = "\n".join(f"SELECT accounts_wall('{table}');" for table in SCOPED)
UNWALLS = "\n".join(f"SELECT accounts_unwall('{table}');" for table in SCOPED)

FUNCTIONS = r"""
CREATE FUNCTION cases_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is final: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- a sealed inspection, an approved conclusion
CREATE FUNCTION cases_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('sealed', 'approved') THEN
        RAISE EXCEPTION '% % is final: % refused', TG_TABLE_NAME, OLD.code, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- a day after it ended, an interview can only be supplemented
CREATE FUNCTION cases_interview_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at + interval '24 hours' < clock_timestamp() THEN
        RAISE EXCEPTION 'interview % is locked: % refused', OLD.code, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- Parts of a whole. The lock keeps one from slipping in while the whole is being sealed; a whole that
-- the second wall hides takes no parts.
CREATE FUNCTION cases_part_of_inspection() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part record := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
BEGIN
    PERFORM FROM cases_inspection AS whole
        WHERE whole.id = part.inspection_id AND whole.state <> 'sealed' FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% of a sealed inspection: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION cases_part_of_interview() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part record := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
BEGIN
    PERFORM FROM cases_interview AS whole
        WHERE whole.id = part.interview_id
        AND coalesce(whole.ended_at + interval '24 hours' >= clock_timestamp(), true)
        FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% of a locked interview: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- nothing commits as final without its sealed text and the event that tells its digest
CREATE FUNCTION cases_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('sealed', 'approved') AND NOT EXISTS (
        SELECT FROM cases_sealedrecord AS final
        JOIN audit_event AS told ON told.subject = final.code
            AND told.kind IN ('inspection.sealed', 'conclusion.sealed')
            AND told.details::jsonb ->> 'sha256' = final.sha256
        WHERE final.code = NEW.code
            AND final.sha256 = encode(sha256(convert_to(final.text, 'UTF8')), 'hex')
    ) THEN
        RAISE EXCEPTION '% % is not sealed', TG_TABLE_NAME, NEW.code
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

REVOKE ALL ON FUNCTION cases_refuse(), cases_stays(), cases_interview_stays(),
    cases_part_of_inspection(), cases_part_of_interview(), cases_is_sealed() FROM PUBLIC;
"""
UNFUNCTIONS = """
DROP FUNCTION cases_is_sealed();
DROP FUNCTION cases_part_of_interview();
DROP FUNCTION cases_part_of_inspection();
DROP FUNCTION cases_interview_stays();
DROP FUNCTION cases_stays();
DROP FUNCTION cases_refuse();
"""


def trigger(table, name, when, function, rows="FOR EACH ROW"):
    return f"CREATE TRIGGER {table}_{name} {when} ON {table} {rows} EXECUTE FUNCTION {function}();"


ROWS = "BEFORE INSERT OR UPDATE OR DELETE"
STAYS = [
    *(trigger(table, "stays", "BEFORE UPDATE OR DELETE", "cases_refuse") for table in FINAL),
    *(
        trigger(table, "stays", "BEFORE UPDATE OR DELETE", "cases_stays")
        for table in ("cases_inspection", "cases_conclusion")
    ),
    trigger("cases_interview", "stays", "BEFORE UPDATE OR DELETE", "cases_interview_stays"),
    *(trigger(table, "stays", ROWS, "cases_part_of_inspection") for table in OF_INSPECTION),
    *(trigger(table, "stays", ROWS, "cases_part_of_interview") for table in OF_INTERVIEW),
]
ALL = (*FINAL, *SCOPED, *OF_INSPECTION, *OF_INTERVIEW)
WHOLE = [
    trigger(table, "whole", "BEFORE TRUNCATE", "cases_refuse", "FOR EACH STATEMENT")
    for table in ALL
]
SEALED = [
    f"CREATE CONSTRAINT TRIGGER {table}_sealed AFTER INSERT OR UPDATE ON {table}"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cases_is_sealed();"
    for table in ("cases_inspection", "cases_conclusion")
]
GRANTS = "\n".join(f"REVOKE UPDATE, DELETE ON {table} FROM neiguan_web;" for table in FINAL)
UNGRANTS = "\n".join(f"GRANT UPDATE, DELETE ON {table} TO neiguan_web;" for table in FINAL)
UNTRIGGERS = "\n".join(
    [f"DROP TRIGGER {table}_stays ON {table};" for table in ALL]
    + [f"DROP TRIGGER {table}_whole ON {table};" for table in ALL]
    + [
        f"DROP TRIGGER {table}_sealed ON {table};"
        for table in ("cases_inspection", "cases_conclusion")
    ]
)


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0001_cases_first"),
        ("accounts", "0004_named_walls"),
        ("audit", "0002_chain"),
    ]
    operations = [
        migrations.RunSQL(WALLS, UNWALLS),
        migrations.RunSQL(
            "SELECT accounts_door('cases_inspection', 'second_officer_id')",
            "SELECT accounts_undoor('cases_inspection')",
        ),
        migrations.RunSQL(FUNCTIONS, UNFUNCTIONS),
        migrations.RunSQL("\n".join([*STAYS, *WHOLE, *SEALED]), UNTRIGGERS),
        migrations.RunSQL(GRANTS, UNGRANTS),
    ]
