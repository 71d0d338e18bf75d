-- Up Migration

-- Work for an autonomous coding agent, a row for each AgentTask: the API's before their object is there, kubectl's after.
CREATE TABLE tasks (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL CHECK (name ~ '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$'),
  -- Where its object is, or is to be; not known before the tenant has a namespace.
  namespace text CHECK (length(namespace) <= 63),
  object_uid text CHECK (length(object_uid) <= 64),
  managed_by text NOT NULL DEFAULT 'api' CHECK (managed_by IN ('api', 'kubectl')),
  project_id uuid,
  created_by uuid,
  -- The one that was tried before.
  retry_of uuid,
  title text NOT NULL CHECK (length(title) <= 200),
  description text NOT NULL CHECK (length(description) <= 8192),
  priority text NOT NULL DEFAULT 'medium' CHECK (priority IN ('urgent', 'high', 'medium', 'low')),
  language text NOT NULL DEFAULT 'typescript' CHECK (length(language) <= 32),
  model text CHECK (length(model) <= 63),
  requirements jsonb NOT NULL DEFAULT '{}',
  -- What else was asked for, as the object's spec has it: source, acceptance, limits.
  spec jsonb NOT NULL DEFAULT '{}',
  desired text NOT NULL DEFAULT 'Run' CHECK (desired IN ('Run', 'Suspend', 'Cancel')),
  phase text NOT NULL DEFAULT 'Pending' CHECK (
    phase IN ('Pending', 'Queued', 'Running', 'Suspended', 'Succeeded', 'Failed', 'Cancelled', 'TimedOut', 'BudgetExceeded')
  ),
  stage text CHECK (length(stage) <= 32),
  progress integer NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  activity text CHECK (length(activity) <= 256),
  attempt integer NOT NULL DEFAULT 0,
  iterations integer NOT NULL DEFAULT 0,
  -- As the agent says; what is billed is in usage_events.
  input_tokens bigint NOT NULL DEFAULT 0,
  output_tokens bigint NOT NULL DEFAULT 0,
  llm_calls integer NOT NULL DEFAULT 0,
  verification jsonb,
  verified boolean NOT NULL DEFAULT false,
  issues text[] NOT NULL DEFAULT '{}',
  reason text CHECK (length(reason) <= 128),
  message text CHECK (length(message) <= 2048),
  artifact_sha256 text CHECK (length(artifact_sha256) <= 64),
  artifact_bytes integer,
  -- Since when what the agent made is here, or it is known that it cannot be read; and since when it is no longer in the cluster.
  collected_at timestamptz,
  artifact_error text CHECK (length(artifact_error) <= 500),
  cleared_at timestamptz,
  lines_of_code integer,
  complexity integer,
  truncated text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE SET NULL (project_id)
);

CREATE UNIQUE INDEX tasks_object ON tasks (object_uid);
CREATE INDEX tasks_place ON tasks (namespace, name);
CREATE INDEX tasks_project ON tasks (tenant_id, project_id);
CREATE INDEX tasks_open ON tasks (tenant_id, id) WHERE phase IN ('Pending', 'Queued', 'Running', 'Suspended');
-- What the mirror has something to do about when it begins.
CREATE INDEX tasks_unsettled ON tasks (tenant_id, id) WHERE cleared_at IS NULL;

-- What the agent did, when it is through.
CREATE TABLE task_steps (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  task_id uuid NOT NULL,
  agent_id text NOT NULL CHECK (length(agent_id) <= 100),
  step text NOT NULL CHECK (length(step) <= 100),
  status text NOT NULL DEFAULT 'completed' CHECK (status IN ('completed', 'failed')),
  prompt text NOT NULL,
  output text NOT NULL,
  milliseconds integer NOT NULL,
  tokens integer NOT NULL,
  started_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX task_steps_task ON task_steps (tenant_id, task_id, id);

-- And what it made. Not as it came, in one compressed piece: what is here can be read, searched and taken along.
CREATE TABLE task_files (
  tenant_id uuid NOT NULL,
  task_id uuid NOT NULL,
  kind text NOT NULL DEFAULT 'code' CHECK (kind IN ('code', 'test', 'documentation')),
  path text NOT NULL CHECK (length(path) BETWEEN 1 AND 200),
  content text NOT NULL,
  PRIMARY KEY (tenant_id, task_id, kind, path),
  FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE
);

-- How a task went on, for who watches it.
CREATE TABLE task_events (
  tenant_id uuid NOT NULL,
  task_id uuid NOT NULL,
  seq integer NOT NULL CHECK (seq > 0),
  at timestamptz NOT NULL DEFAULT now(),
  phase text NOT NULL CHECK (length(phase) <= 32),
  stage text CHECK (length(stage) <= 32),
  progress integer NOT NULL,
  attempt integer NOT NULL,
  message text NOT NULL CHECK (length(message) <= 2048),
  PRIMARY KEY (tenant_id, task_id, seq),
  FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE
);

-- Who worked for a tenant, and at what.
CREATE TABLE agents (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) <= 100),
  capabilities text[] NOT NULL DEFAULT '{}',
  languages text[] NOT NULL DEFAULT '{}',
  tasks integer NOT NULL DEFAULT 0,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
);

-- Whoever writes, those who watch hear of it when it is committed: by an id that says nothing to anybody else.
CREATE FUNCTION lv_tell_task() RETURNS trigger
  LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM pg_notify('lv_tasks', NEW.id::text);
  RETURN NULL;
END
$$;

CREATE TRIGGER lv_tell_task AFTER UPDATE OF phase, stage, progress, activity, attempt, collected_at ON tasks
  FOR EACH ROW EXECUTE FUNCTION lv_tell_task();

ALTER TABLE tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE task_steps ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE task_files ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE task_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE agents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON tasks TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_app ON task_steps TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_app ON task_files TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_app ON task_events TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_app ON agents TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
-- The mirror finds whose task an object is, and which it has something to do about.
CREATE POLICY lv_worker ON tasks TO lv_worker USING (true) WITH CHECK (true);
CREATE POLICY lv_owner ON tasks FOR SELECT TO lv_owner USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON tasks, task_steps, task_files, task_events, agents TO lv_app;
GRANT SELECT ON tasks TO lv_worker;

-- Whose task an object is, and what holds for that tenant; who pays for it is its parent where it has one.
CREATE FUNCTION lv_find_task(wanted text)
  RETURNS TABLE (id uuid, tenant_id uuid, payer_id uuid, plan text, lifecycle text, standing text, hold text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT k.id, t.id, coalesce(p.id, t.id), coalesce(p.plan, t.plan), t.lifecycle,
      CASE WHEN 'suspended' IN (t.standing, p.standing) THEN 'suspended'
           WHEN 'restricted' IN (t.standing, p.standing) THEN 'restricted' ELSE 'active' END,
      coalesce(t.hold, p.hold)
    FROM public.tasks k JOIN public.tenants t ON t.id = k.tenant_id LEFT JOIN public.tenants p ON p.id = t.parent_id
    WHERE k.object_uid = wanted;
  END;

REVOKE ALL ON FUNCTION lv_find_task(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_find_task(text) TO lv_lookup;
