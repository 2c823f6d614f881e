"""The chain: numbers, times and hashes are set by the database, and what stands there stays."""

from django.db import migrations

FORWARDS = r"""
CREATE TABLE audit_head (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    number bigint NOT NULL,
    hash text NOT NULL
);
INSERT INTO audit_head (number, hash) VALUES (0, repeat('0', 64));

CREATE FUNCTION audit_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    head audit_head%ROWTYPE;
    micros bigint;
BEGIN
    SELECT * INTO head FROM audit_head FOR UPDATE;
    NEW.number := head.number + 1;
    NEW.at := clock_timestamp();
    NEW.previous := head.hash;
    micros := (extract(epoch FROM NEW.at) * 1000000)::bigint;
    NEW.hash := encode(sha256(convert_to(
        NEW.number || ':' || micros
        || ':' || encode(sha256(convert_to(NEW.kind, 'UTF8')), 'hex')
        || ':' || encode(sha256(convert_to(NEW.subject, 'UTF8')), 'hex')
        || ':' || encode(sha256(convert_to(NEW.bureau, 'UTF8')), 'hex')
        || ':' || encode(sha256(convert_to(NEW.actor, 'UTF8')), 'hex')
        || ':' || encode(sha256(convert_to(NEW.details, 'UTF8')), 'hex')
        || ':' || NEW.previous, 'UTF8')), 'hex');
    UPDATE audit_head SET number = NEW.number, hash = NEW.hash;
    RETURN NEW;
END $$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_event_link BEFORE INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_link();
CREATE TRIGGER audit_event_stays BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_event_whole BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_checkpoint_stays BEFORE UPDATE OR DELETE ON audit_checkpoint
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_checkpoint_whole BEFORE TRUNCATE ON audit_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

REVOKE ALL ON audit_event, audit_checkpoint, audit_head FROM PUBLIC, neiguan_web;
GRANT SELECT, INSERT ON audit_event, audit_checkpoint TO neiguan_web;
GRANT SELECT ON audit_head TO neiguan_web;
REVOKE ALL ON FUNCTION audit_link(), audit_refuse() FROM PUBLIC;
"""

BACKWARDS = """
DROP TRIGGER audit_checkpoint_whole ON audit_checkpoint;
DROP TRIGGER audit_checkpoint_stays ON audit_checkpoint;
DROP TRIGGER audit_event_whole ON audit_event;
DROP TRIGGER audit_event_stays ON audit_event;
DROP TRIGGER audit_event_link ON audit_event;
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_link();
DROP TABLE audit_head;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_audit_first")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
