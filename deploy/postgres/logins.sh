#!/usr/bin/env bash
# Run by PostgreSQL's image when it has made its cluster: a login for each service and one that migrates, each with the
# password that `prepare` made.
set -euo pipefail
readonly logins=(ftl_migrate ftl_session_vault ftl_batch_runner ftl_analytics ftl_export)

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname finetunelab <<SQL
CREATE ROLE ftl_migrate LOGIN;
ALTER DATABASE finetunelab OWNER TO ftl_migrate;
\set migrator ftl_migrate
\i ${ROLES_SQL:-/etc/finetunelab/roles.sql}
SQL
for login in "${logins[@]}"; do
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname finetunelab \
    --set "login=$login" --set "password=$(<"${IDENTITY:-/identity}/$login")" \
    <<<'ALTER ROLE :"login" PASSWORD :'"'password'"
done
