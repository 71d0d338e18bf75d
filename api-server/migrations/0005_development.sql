-- Up Migration

-- Of the tokens that leanvibe token makes for an API on the developer's own machine.
ALTER TABLE sessions DROP CONSTRAINT sessions_method_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_method_check CHECK (method IN ('password', 'development'));
