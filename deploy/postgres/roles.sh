#!/bin/sh
# Runs once, when the database folder is empty: the two roles, their rights, the database.
# By hand on another server: the same environment, and PGHOST/PGUSER/PGPASSWORD of a superuser.
set -eu
here=${TEMPLATE_SQL:-/neiguan/template.sql}

psql --no-psqlrc -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname template1 \
  -v owner="$OWNER_PASSWORD" -v web="$WEB_PASSWORD" <<'SQL'
CREATE ROLE neiguan_owner LOGIN PASSWORD :'owner';
CREATE ROLE neiguan_web LOGIN PASSWORD :'web';
SQL
psql --no-psqlrc -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname template1 --file "$here"
psql --no-psqlrc -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
CREATE DATABASE neiguan OWNER neiguan_owner;
REVOKE ALL ON DATABASE neiguan FROM PUBLIC;
GRANT CONNECT ON DATABASE neiguan TO neiguan_web;
SQL
