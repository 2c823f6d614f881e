-- Runs in template1, so that every database made later (the test database too) starts with these rights.
ALTER DEFAULT PRIVILEGES FOR ROLE neiguan_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO neiguan_web;

ALTER DEFAULT PRIVILEGES FOR ROLE neiguan_owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO neiguan_web;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

GRANT USAGE ON SCHEMA public TO neiguan_web;

