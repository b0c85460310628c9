-- Predictions carry what they are judged by; each gets at most one outcome, at its own horizon. Rows from before keep what
-- they hold: without a horizon nothing is due.

ALTER TABLE predictions
  ADD COLUMN prediction_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT predictions_id_unique UNIQUE,
  ADD COLUMN role text NOT NULL DEFAULT 'member' CONSTRAINT predictions_role CHECK (role in ('acting', 'member')),
  ADD COLUMN feature_set text,
  ADD COLUMN feature_vector double precision[],
  ADD COLUMN score double precision,
  ADD COLUMN direction text CONSTRAINT predictions_direction CHECK (direction in ('long', 'short')),
  ADD COLUMN magnitude_bps double precision,
  ADD COLUMN horizon_candles integer CONSTRAINT predictions_horizon CHECK (horizon_candles >= 1),
  ADD COLUMN due_at bigint,
  ADD COLUMN label_version text,
  ADD COLUMN sigma double precision,
  ADD COLUMN cost_bps double precision,
  ADD COLUMN stop_bps double precision,
  ADD COLUMN target_bps double precision,
  ADD COLUMN data_quality double precision,
  ADD COLUMN trace_id text,
  ADD COLUMN votes jsonb,
  ADD COLUMN decision text,
  ADD COLUMN reason text;

ALTER TABLE predictions
  ALTER COLUMN role DROP DEFAULT,
  -- Who foretells something says until when, judged how, and with what probability.
  ADD CONSTRAINT predictions_judged CHECK ((due_at is null) = (horizon_candles is null) and (due_at is null) = (label_version is null)
    and (due_at is null or (action <> 'abstain' and cost_bps >= 0 and probability_buy + probability_sell + probability_hold between 0.999999 and 1.000001)));

-- One row per cycle and horizon until each of its predictions has an outcome: what is due is found without looking through what is done.
CREATE TABLE due_evaluations (
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  -- Market clock.
  due_at bigint NOT NULL,
  cycle_id text NOT NULL REFERENCES cycles(cycle_id),
  timeframe text NOT NULL,
  predictions integer NOT NULL CHECK (predictions >= 1),
  CONSTRAINT due_evaluations_pk PRIMARY KEY (portfolio_id, due_at, cycle_id)
);

-- Append-only: what came of a prediction stays.
CREATE TABLE outcomes (
  prediction_id bigint CONSTRAINT outcomes_once PRIMARY KEY REFERENCES predictions(prediction_id),
  label_version text NOT NULL,
  state text NOT NULL CHECK (state in ('priced', 'unpriceable')),
  -- What the market did between these: open of the first candle, close of the last. Market clock: their open and close times.
  entry_at bigint NOT NULL,
  exit_at bigint NOT NULL,
  entry_price double precision,
  exit_price double precision,
  actual text CHECK (actual in ('buy', 'sell', 'hold')),
  move_bps double precision,
  -- In its direction, after the costs of both sides; 0 for a hold.
  return_bps double precision,
  is_right boolean,
  -- The same with the exits that policy sets for it; null for a hold and where there were none.
  exits_return_bps double precision,
  -- Of what cannot be priced: the proof.
  evidence jsonb,
  -- Market clock.
  evaluated_at bigint NOT NULL,
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint,
  CONSTRAINT outcomes_whole CHECK ((state = 'priced') = (entry_price is not null) and (state = 'priced') = (exit_price is not null) and (state = 'priced') = (actual is not null)
    and (state = 'priced') = (move_bps is not null) and (state = 'priced') = (return_bps is not null) and (state = 'priced') = (is_right is not null) and (state = 'unpriceable') = (evidence is not null)),
  CONSTRAINT outcomes_times CHECK (entry_at < exit_at and exit_at <= evaluated_at)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON outcomes FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();

-- Classes of the outcomes of acting predictions: the priors that rules foretell with.
CREATE TABLE outcome_counts (
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  label_version text NOT NULL,
  buys bigint NOT NULL,
  sells bigint NOT NULL,
  holds bigint NOT NULL,
  CONSTRAINT outcome_counts_pk PRIMARY KEY (portfolio_id, label_version)
);
