-- Predictions on demand: made for a request instead of a cycle, evaluated like the others, never traded.

-- Append-only: what was seen for it, once per id.
CREATE TABLE prediction_requests (
  request_id text CONSTRAINT prediction_requests_pk PRIMARY KEY,
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  timeframe text NOT NULL,
  -- Market clock: the candle's close.
  close_time bigint NOT NULL,
  observation jsonb NOT NULL,
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prediction_requests FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();

ALTER TABLE predictions
  DROP CONSTRAINT predictions_pk,
  ALTER COLUMN cycle_id DROP NOT NULL,
  ADD COLUMN request_id text REFERENCES prediction_requests(request_id),
  ADD CONSTRAINT predictions_once UNIQUE (cycle_id, instrument_id, voter, voter_version),
  DROP CONSTRAINT predictions_role,
  ADD CONSTRAINT predictions_role CHECK (role in ('acting', 'member', 'shadow', 'requested')) NOT VALID,
  ADD CONSTRAINT predictions_source CHECK (num_nonnulls(cycle_id, request_id) = 1 and (role = 'requested') = (request_id is not null)) NOT VALID;
CREATE UNIQUE INDEX predictions_request_once ON predictions (request_id, instrument_id, voter, voter_version) WHERE request_id is not null;

-- Rows from before are of cycles.
ALTER TABLE predictions VALIDATE CONSTRAINT predictions_role;
ALTER TABLE predictions VALIDATE CONSTRAINT predictions_source;

ALTER TABLE due_evaluations
  DROP CONSTRAINT due_evaluations_pk,
  ALTER COLUMN cycle_id DROP NOT NULL,
  ADD COLUMN request_id text REFERENCES prediction_requests(request_id),
  ADD CONSTRAINT due_evaluations_source CHECK (num_nonnulls(cycle_id, request_id) = 1);
CREATE UNIQUE INDEX due_evaluations_once ON due_evaluations (portfolio_id, due_at, coalesce(cycle_id, request_id));
