-- Up Migration

-- The uid of the cluster's Tenant that a row goes with: one made anew under an old name is another.
ALTER TABLE tenants ADD COLUMN object_uid text CHECK (length(object_uid) BETWEEN 1 AND 64);
