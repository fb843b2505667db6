-- For a site that gives every service a login of its own. Run once as a superuser, before `finetunelab migrate`:
--
--   psql -v migrator=app -f deploy/postgres/roles.sql postgresql://…/finetunelab
--
-- `migrator` is the login of FTL_MIGRATE_DATABASE_URL; it should own the database and needs no CREATEROLE then. Give each
-- service's role its password (\password ftl_batch_runner) or a certificate, and its URL:
--
--   FTL_BATCH_RUNNER_DATABASE_URL=postgresql://ftl_batch_runner@…/finetunelab?sslmode=verify-full
--
-- Rights on tables are not given here: they belong to the schema (common/schema/0006_rights.sql). A site with one login
-- for everything needs none of this: `migrate` makes the same roles without LOGIN and lends them to its own login.
\if :{?migrator}
\else
  \echo 'say who migrates: psql -v migrator=LOGIN -f roles.sql'
  \quit
\endif

SELECT format('CREATE ROLE %I NOLOGIN', name)
FROM unnest(ARRAY['ftl_owner', 'ftl_lookup', 'ftl_sweep']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- dashboards is for Grafana and the like.
SELECT format(CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN 'ALTER' ELSE 'CREATE' END
              || ' ROLE %I LOGIN', name)
FROM unnest(ARRAY['ftl_session_vault', 'ftl_batch_runner', 'ftl_analytics', 'ftl_export', 'ftl_dashboards']) AS name \gexec

GRANT ftl_owner, ftl_lookup, ftl_session_vault, ftl_batch_runner, ftl_analytics, ftl_export, ftl_sweep, ftl_dashboards
  TO :"migrator";
-- No service acts as another, or as one that sees every session.
REVOKE ftl_sweep FROM ftl_session_vault;

-- A service reads and writes tables; it makes none.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()) \gexec
