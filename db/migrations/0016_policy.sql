-- The policy store: each version tells how it came about. Version 0 of a portfolio is what holds when no version can be read.

ALTER TABLE policy_versions DROP CONSTRAINT policy_versions_version;

-- Versions that exist are the first ones of their portfolios: they keep what they hold.
ALTER TABLE policy_versions
  ADD COLUMN kind text NOT NULL DEFAULT 'initial',
  ADD COLUMN preset text DEFAULT 'normal',
  -- The version that whoever asked for it had seen.
  ADD COLUMN based_on integer,
  -- Each key that differs from the version before: {key, before, after}.
  ADD COLUMN changes jsonb NOT NULL DEFAULT '[]';

ALTER TABLE policy_versions
  ALTER COLUMN kind DROP DEFAULT,
  ALTER COLUMN preset DROP DEFAULT,
  ALTER COLUMN changes DROP DEFAULT,
  ADD CONSTRAINT policy_versions_kind CHECK (kind in ('builtIn', 'initial', 'set', 'preset')),
  ADD CONSTRAINT policy_versions_version CHECK (version >= 0 and (version = 0) = (kind = 'builtIn')),
  ADD CONSTRAINT policy_versions_preset CHECK ((kind = 'set') = (preset is null)),
  ADD CONSTRAINT policy_versions_based CHECK ((kind in ('set', 'preset')) = (based_on is not null) and based_on < version),
  ADD CONSTRAINT policy_versions_told CHECK (changed_by <> '' and reason <> '');

CREATE VIEW active_policy AS
  SELECT DISTINCT ON (portfolio_id) portfolio_id, version, policy, kind, preset, changed_by, reason, written_at
  FROM policy_versions WHERE version >= 1 ORDER BY portfolio_id, version DESC;
