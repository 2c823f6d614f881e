"""Row-level security, the second wall: one function puts the same policy on any scoped table."""

from django.db import migrations

FORWARDS = r"""
CREATE FUNCTION accounts_wall(scoped regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', scoped);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', scoped);
    EXECUTE format($policy$
        CREATE POLICY bureau_wall ON %s USING (
            (SELECT current_setting('app.bureaus', true) = 'all')
            OR bureau_id = ANY ((SELECT string_to_array(
                nullif(nullif(current_setting('app.bureaus', true), ''), 'all'), ','
            )::bigint[])::bigint[])
        )$policy$, scoped);
END $$;
CREATE FUNCTION accounts_unwall(scoped regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP POLICY bureau_wall ON %s', scoped);
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', scoped);
    EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', scoped);
END $$;
REVOKE ALL ON FUNCTION accounts_wall(regclass), accounts_unwall(regclass) FROM PUBLIC;
"""

BACKWARDS = """
DROP FUNCTION accounts_wall(regclass);
DROP FUNCTION accounts_unwall(regclass);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_clocks")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
