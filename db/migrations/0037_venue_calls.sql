-- How the calls to the venue of all workers fare: each writes its own counts, and the emergency stop adds them up. Stretches
-- that no window reaches any more are deleted.
CREATE TABLE venue_calls (
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  -- Wall clock of the worker: where the stretch begins, whole five seconds.
  stretch_at bigint NOT NULL,
  -- One process; started again it is another.
  worker text NOT NULL,
  calls integer NOT NULL,
  failures integer NOT NULL,
  CONSTRAINT venue_calls_pk PRIMARY KEY (portfolio_id, stretch_at, worker),
  CONSTRAINT venue_calls_counts CHECK (failures >= 0 and failures <= calls)
);
