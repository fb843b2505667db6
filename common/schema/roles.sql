-- The roles of the product, made where they are missing, and lent to the login that migrates, so that it can act as each.
-- Runs before every migration; needs CREATEROLE only when something is missing. deploy/postgres/roles.sql makes the same
-- roles with LOGIN, for a site that gives every service a login of its own.
DO $$
DECLARE
  wanted text;
  may_create boolean := (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user);
BEGIN
  FOREACH wanted IN ARRAY ARRAY['ftl_owner', 'ftl_lookup', 'ftl_session_vault', 'ftl_batch_runner', 'ftl_analytics',
                                'ftl_export', 'ftl_sweep', 'ftl_dashboards'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      IF NOT may_create THEN
        RAISE EXCEPTION 'the role % is missing and % may not create roles: let a superuser run ALTER ROLE % CREATEROLE, or deploy/postgres/roles.sql once',
          wanted, current_user, quote_ident(current_user);
      END IF;
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    END IF;
    IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
      IF NOT may_create THEN
        RAISE EXCEPTION '% is not a member of % and may not make itself one: let a superuser run GRANT % TO %',
          current_user, wanted, wanted, quote_ident(current_user);
      END IF;
      EXECUTE format('GRANT %I TO %I', wanted, current_user);
    END IF;
  END LOOP;
  IF NOT has_schema_privilege('ftl_owner', 'public', 'CREATE') THEN
    IF NOT pg_has_role(current_user, (SELECT nspowner FROM pg_namespace WHERE nspname = 'public'), 'USAGE') THEN
      RAISE EXCEPTION '% may not hand out the schema public: let the owner of the database % run GRANT CREATE ON SCHEMA public TO ftl_owner',
        current_user, current_database();
    END IF;
    GRANT USAGE, CREATE ON SCHEMA public TO ftl_owner;
  END IF;
END $$;
