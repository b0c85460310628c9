-- The emergency stop: what its sensors remember, its closing orders, and positions that stand aside for it.

ALTER TABLE instructions DROP CONSTRAINT instructions_kind;
ALTER TABLE instructions ADD CONSTRAINT instructions_kind CHECK (kind in ('close', 'moveStop', 'emergency', 'gone'));

CREATE TABLE guard_watch (
  portfolio_id text PRIMARY KEY REFERENCES portfolios(portfolio_id),
  memory jsonb NOT NULL,
  updated_at bigint NOT NULL
);

-- Belong to no position; written once the ledger can be reached, since they go out without it.
CREATE TABLE emergency_orders (
  client_order_id text PRIMARY KEY CHECK (client_order_id ~ '^[.A-Z:/a-z0-9_-]{1,36}$'),
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  emergency_id text NOT NULL,
  -- Foreign symbols occur, so no reference.
  instrument_id text NOT NULL,
  side text NOT NULL CHECK (side in ('buy', 'sell')),
  position_side text NOT NULL CHECK (position_side in ('both', 'long', 'short')),
  quantity numeric NOT NULL CHECK (quantity > 0),
  answer text NOT NULL CHECK (answer in ('accepted', 'rejected', 'notSent', 'unknown')),
  detail text,
  venue_order_id text,
  -- Transport clock.
  sent_at bigint NOT NULL,
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint
);
CREATE INDEX emergency_orders_emergency ON emergency_orders (portfolio_id, emergency_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON emergency_orders FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();

-- Execution errors of the last minutes, without reading the history.
CREATE INDEX order_events_errors ON order_events (at) WHERE kind IN ('rejected', 'answerLost');
