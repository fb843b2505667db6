-- On every node, as a superuser: psql -v migrator=LOGIN -f node.sql. Roles as for one PostgreSQL, and those that own tables and
-- functions may log in besides, since a node works for another in the name of the role that asks; pg_hba.conf lets them in from
-- nodes alone.
SET citus.enable_ddl_propagation = off;
\ir ../postgres/roles.sql
ALTER ROLE ftl_owner LOGIN;
ALTER ROLE ftl_lookup LOGIN;
ALTER ROLE ftl_sweep LOGIN;
GRANT USAGE, CREATE ON SCHEMA public TO ftl_owner;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
