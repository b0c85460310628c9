-- What the health check saw: the last hundred checks, and how each part fared by the hour.

CREATE TABLE health_checks (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  -- Wall clock of whoever looked.
  checked_at bigint NOT NULL,
  level text NOT NULL CHECK (level in ('healthy', 'degraded', 'critical')),
  parts jsonb NOT NULL
);
CREATE INDEX health_checks_portfolio ON health_checks (portfolio_id, seq);

CREATE TABLE health_trend (
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  part text NOT NULL,
  -- Wall clock, whole hours.
  hour_at bigint NOT NULL,
  checks integer NOT NULL,
  degraded integer NOT NULL,
  unhealthy integer NOT NULL,
  CONSTRAINT health_trend_pk PRIMARY KEY (portfolio_id, part, hour_at),
  CONSTRAINT health_trend_counts CHECK (degraded >= 0 and unhealthy >= 0 and degraded + unhealthy <= checks)
);
