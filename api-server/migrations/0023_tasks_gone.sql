-- Up Migration

-- Since when its object is known to be gone: until then its row is kept, whatever else there is.
ALTER TABLE tasks ADD COLUMN gone_at timestamptz;

-- What the mirror looks at when it begins.
CREATE INDEX tasks_there ON tasks (tenant_id, id) WHERE gone_at IS NULL;
