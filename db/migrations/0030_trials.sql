-- How far a trial is, and the watch over whoever came to act. A promotion restarts a model's age: weeks on trial do not make it old.

ALTER TABLE model_registry
  -- Market clock: since when their age counts; null: since their models passed the gate.
  ADD COLUMN champion_validated_at bigint,
  ADD COLUMN predecessor_validated_at bigint,
  ADD COLUMN trial jsonb,
  ADD COLUMN watch jsonb,
  -- Market clock: the close up to which both were looked at.
  ADD COLUMN looked_to bigint,
  ADD CONSTRAINT model_registry_standing CHECK ((trial is null or trial->>'modelId' is not distinct from on_trial) and (watch is null or champion is not null));

-- Append-only: every step of a trial and of a watch, and why. A step that is repeated is not taken again.
CREATE TABLE trial_steps (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  step_id text NOT NULL,
  kind text NOT NULL CHECK (kind in ('trialAdvanced', 'watchBegun', 'watchKept', 'promoted', 'retired', 'rolledBack')),
  model_id text NOT NULL,
  -- As the step left them; null: it was not about that one.
  trial jsonb,
  watch jsonb,
  why text NOT NULL,
  -- The person or the part of Keel that took it.
  actor text NOT NULL,
  -- Market clock.
  at bigint NOT NULL,
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint,
  CONSTRAINT trial_steps_once UNIQUE (portfolio_id, step_id),
  CONSTRAINT trial_steps_whole CHECK (trial is not null or watch is not null),
  CONSTRAINT trial_steps_model FOREIGN KEY (portfolio_id, model_id) REFERENCES models
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trial_steps FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();
