-- Up Migration

-- Whether some of what the agent says it took was estimated: its model's server did not tell.
ALTER TABLE tasks ADD COLUMN usage_estimated boolean NOT NULL DEFAULT false;

-- An agent is a pod, and so a new one for nearly each task: the newest of a tenant are found by when they were seen.
CREATE INDEX agents_seen ON agents (tenant_id, last_seen_at);
