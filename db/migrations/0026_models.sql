-- What was trained, what was tried, and which model acts. What was tried stays for ever: each further try makes luck likelier.

-- Append-only: each retrain, as it ended.
CREATE TABLE retrain_runs (
  run_id text PRIMARY KEY,
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  cause text NOT NULL CHECK (cause in ('schedule', 'labels', 'drift', 'manual', 'client')),
  -- Market clock: nothing later was known.
  as_of bigint NOT NULL,
  -- Of the snapshot of rows; null where it failed before there was one.
  data_hash text,
  rows integer CHECK (rows >= 0),
  outcome text NOT NULL CHECK (outcome in ('registered', 'refused', 'failed')),
  reason text,
  -- Wall clock.
  started_at bigint NOT NULL,
  ended_at bigint NOT NULL,
  CONSTRAINT retrain_runs_times CHECK (started_at <= ended_at),
  CONSTRAINT retrain_runs_whole CHECK ((outcome = 'failed' or (data_hash is not null and rows is not null)) and (outcome = 'registered') = (reason is null))
);
CREATE INDEX retrain_runs_portfolio ON retrain_runs (portfolio_id, as_of);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON retrain_runs FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();

-- Append-only: every recipe that was ever validated, those that failed and those of people included.
CREATE TABLE validation_trials (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  trial_id text NOT NULL CONSTRAINT validation_trials_once UNIQUE,
  run_id text NOT NULL,
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  recipe_id text NOT NULL,
  recipe jsonb NOT NULL,
  kind text NOT NULL CHECK (kind in ('refresh', 'challenger')),
  outcome text NOT NULL CHECK (outcome in ('passed', 'refused', 'failed')),
  -- Net returns of the test parts by UTC day from the first on; null: it failed before there were any.
  first_day integer,
  returns double precision[],
  -- Every rule with its value and limit.
  rules jsonb,
  reason text,
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint,
  CONSTRAINT validation_trials_whole CHECK ((first_day is null) = (returns is null) and (outcome = 'failed' or (returns is not null and rules is not null)) and (outcome = 'failed') = (reason is not null))
);
CREATE INDEX validation_trials_portfolio ON validation_trials (portfolio_id, seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON validation_trials FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();

-- Append-only: a model is its bytes; its name is their hash.
CREATE TABLE models (
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  model_id text NOT NULL,
  trial_id text NOT NULL REFERENCES validation_trials(trial_id),
  recipe_id text NOT NULL,
  -- Market clock: as of when it passed the gate.
  validated_at bigint NOT NULL,
  data_hash text NOT NULL,
  -- Learner, parameters, seed, features, band, metrics, importances.
  description jsonb NOT NULL,
  artefact bytea NOT NULL,
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint,
  CONSTRAINT models_pk PRIMARY KEY (portfolio_id, model_id),
  CONSTRAINT models_hash CHECK (model_id = encode(sha256(artefact), 'hex'))
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON models FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();

-- One row per portfolio, hence one champion and one trial at most. Null champion: the rules act.
CREATE TABLE model_registry (
  portfolio_id text PRIMARY KEY REFERENCES portfolios(portfolio_id),
  champion text,
  predecessor text,
  on_trial text,
  updated_at bigint NOT NULL,
  CONSTRAINT model_registry_champion FOREIGN KEY (portfolio_id, champion) REFERENCES models,
  CONSTRAINT model_registry_predecessor FOREIGN KEY (portfolio_id, predecessor) REFERENCES models,
  CONSTRAINT model_registry_on_trial FOREIGN KEY (portfolio_id, on_trial) REFERENCES models,
  CONSTRAINT model_registry_apart CHECK (champion <> on_trial and champion <> predecessor)
);

-- Append-only: every step of a model's life, and why. A step that is repeated is not taken again.
CREATE TABLE model_steps (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  step_id text NOT NULL,
  kind text NOT NULL CHECK (kind in ('refreshed', 'trialBegun', 'promoted', 'retired', 'rolledBack', 'expired', 'refused')),
  model_id text NOT NULL,
  why text NOT NULL,
  -- The person or the part of Keel that took it.
  actor text NOT NULL,
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint,
  CONSTRAINT model_steps_once UNIQUE (portfolio_id, step_id),
  CONSTRAINT model_steps_model FOREIGN KEY (portfolio_id, model_id) REFERENCES models
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON model_steps FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();
