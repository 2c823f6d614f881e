"""Row-level security; and what was submitted, marked or published is refused every change."""

from django.db import migrations

WALLED = (
    "reports_monthlyreport", "reports_submission", "reports_remark", "reports_assessment",
)  # fmt: skip
FINAL = ("reports_submission", "reports_remark")

WALLS = "\n".join(f"SELECT accounts_wall('{table}');" for table in WALLED)
UNWALLS = "\n".join(f"SELECT accounts_unwall('{table}');" for table in WALLED)

FUNCTIONS = r"""
CREATE FUNCTION reports_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is final: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- the digest is that of the text, and the audit trail tells of it, before anything commits
CREATE FUNCTION reports_is_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sha256 <> encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex') OR NOT EXISTS (
        SELECT FROM reports_monthlyreport AS report
        JOIN audit_event AS told ON told.subject = report.code || '-' || NEW.number
            AND told.kind = 'report.submitted'
            AND told.details::jsonb ->> 'sha256' = NEW.sha256
        WHERE report.id = NEW.report_id
    ) THEN
        RAISE EXCEPTION 'submission % of report % is not told of', NEW.number, NEW.report_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

-- a report counts as submitted only with its frozen text
CREATE FUNCTION reports_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('submitted', 'received') AND NOT EXISTS (
        SELECT FROM reports_submission WHERE report_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'report % has no submission', NEW.code
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

-- a published assessment and its items
CREATE FUNCTION reports_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'published' THEN
        RAISE EXCEPTION 'assessment % is published: % refused', OLD.code, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION reports_part_of_assessment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part record := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
BEGIN
    PERFORM FROM reports_assessment AS whole
        WHERE whole.id = part.assessment_id AND whole.state <> 'published' FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'item of a published assessment: % refused', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

REVOKE ALL ON FUNCTION reports_refuse(), reports_is_told(), reports_is_frozen(),
    reports_stays(), reports_part_of_assessment() FROM PUBLIC;
"""
UNFUNCTIONS = """
DROP FUNCTION reports_part_of_assessment();
DROP FUNCTION reports_stays();
DROP FUNCTION reports_is_frozen();
DROP FUNCTION reports_is_told();
DROP FUNCTION reports_refuse();
"""


def trigger(table, name, when, function, rows="FOR EACH ROW"):
    return f"CREATE TRIGGER {table}_{name} {when} ON {table} {rows} EXECUTE FUNCTION {function}();"


def at_the_commit(table, name, when, function):
    return (
        f"CREATE CONSTRAINT TRIGGER {table}_{name} {when} ON {table}"
        f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {function}();"
    )


ALL = (*FINAL, "reports_assessment", "reports_assessmentitem")
TRIGGERS = "\n".join(
    [
        *(trigger(table, "stays", "BEFORE UPDATE OR DELETE", "reports_refuse") for table in FINAL),
        trigger("reports_assessment", "stays", "BEFORE UPDATE OR DELETE", "reports_stays"),
        trigger(
            "reports_assessmentitem", "stays", "BEFORE INSERT OR UPDATE OR DELETE",
            "reports_part_of_assessment",
        ),
        *(
            trigger(table, "whole", "BEFORE TRUNCATE", "reports_refuse", "FOR EACH STATEMENT")
            for table in ALL
        ),
        at_the_commit("reports_submission", "told", "AFTER INSERT", "reports_is_told"),
        at_the_commit(
            "reports_monthlyreport", "frozen", "AFTER INSERT OR UPDATE", "reports_is_frozen"
        ),
    ]
)  # fmt: skip
UNTRIGGERS = "\n".join(
    [f"DROP TRIGGER {table}_stays ON {table};" for table in ALL]
    + [f"DROP TRIGGER {table}_whole ON {table};" for table in ALL]
    + [
        "DROP TRIGGER reports_submission_told ON reports_submission;",
        "DROP TRIGGER reports_monthlyreport_frozen ON reports_monthlyreport;",
    ]
)
GRANTS = "\n".join(f"REVOKE UPDATE, DELETE ON {table} FROM neiguan_web;" for table in FINAL)
UNGRANTS = "\n".join(f"GRANT UPDATE, DELETE ON {table} TO neiguan_web;" for table in FINAL)


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0001_reports_first"),
        ("accounts", "0003_walls"),
        ("audit", "0002_chain"),
    ]
    operations = [
        migrations.RunSQL(WALLS, UNWALLS),
        migrations.RunSQL(FUNCTIONS, UNFUNCTIONS),
        migrations.RunSQL(TRIGGERS, UNTRIGGERS),
        migrations.RunSQL(GRANTS, UNGRANTS),
    ]
