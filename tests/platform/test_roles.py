import psycopg
import pytest
from django.db import ProgrammingError, connection

from tests.conftest import url_of


@pytest.mark.django_db
def test_tests_run_as_the_web_role():
    with connection.cursor() as cursor:
        cursor.execute("select current_user, current_database(), current_setting('app.bureaus')")
        assert cursor.fetchone() == ("neiguan_web", "test_neiguan", "all")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "create table mine (id int)",
        "truncate django_session",
        "drop table django_session",
        "delete from django_migrations",
    ],
)
def test_the_web_role_only_works_with_rows(statement):
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_fresh_database_takes_real_commits(fresh_database):
    with connection.cursor() as cursor:
        cursor.execute("insert into django_session values ('a', 'b', now())")
    with psycopg.connect(url_of("DATABASE_URL", fresh_database)) as other:
        row = other.execute("select current_user, count(*) from django_session").fetchone()
    assert row == ("neiguan_web", 1)
