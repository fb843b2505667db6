-- Oldest program: 29
-- How machines and processes fare: what each process has read, every ten seconds, and the same by the minute and the hour. A
-- process writes its own rows alone, and takes a few with it that are older than 30 days.
SET LOCAL ROLE ftl_owner;

CREATE TABLE performance_metrics (
  grain_s             integer NOT NULL CHECK (grain_s IN (10, 60, 3600)),
  starts_at           timestamptz NOT NULL,
  process             uuid NOT NULL,
  program             text NOT NULL,
  host                text NOT NULL,
  readings            integer NOT NULL CHECK (readings > 0),
  -- Levels are means over the readings; null where nothing was read.
  cpu_percent         float8,
  cpu_percent_max     float8,
  memory_percent      float8,
  memory_percent_max  float8,
  disk_percent        float8,
  gpu_percent         float8,
  gpu_memory_percent  float8,
  process_cpu_percent float8,
  resident_bytes      bigint,
  requests            bigint NOT NULL,
  errors              bigint NOT NULL,
  rpcs                bigint NOT NULL,
  -- Lists of GpuReading, CallCount, CallCount and SlowCall, as protobuf writes JSON.
  gpus                jsonb NOT NULL,
  by_route            jsonb NOT NULL,
  by_rpc              jsonb NOT NULL,
  slowest             jsonb NOT NULL,
  PRIMARY KEY (grain_s, starts_at, process)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON performance_metrics
  TO ftl_session_vault, ftl_batch_runner, ftl_analytics, ftl_export;
