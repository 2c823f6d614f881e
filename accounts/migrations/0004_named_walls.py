"""A second policy for rows that one person of any bureau may see: whoever a column names."""

from django.db import migrations

FORWARDS = r"""
CREATE FUNCTION accounts_door(scoped regclass, person name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($policy$
        CREATE POLICY personal_door ON %s USING (
            %I = (SELECT nullif(current_setting('app.user', true), '')::bigint)
        ) WITH CHECK (
            %I = (SELECT nullif(current_setting('app.user', true), '')::bigint)
        )$policy$, scoped, person, person);
END $$;
CREATE FUNCTION accounts_undoor(scoped regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP POLICY personal_door ON %s', scoped);
END $$;
REVOKE ALL ON FUNCTION accounts_door(regclass, name), accounts_undoor(regclass) FROM PUBLIC;
"""

BACKWARDS = """
DROP FUNCTION accounts_door(regclass, name);
DROP FUNCTION accounts_undoor(regclass);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_walls")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
