-- The posture of each portfolio, as oversight or a cycle set it last; changes are events.
CREATE TABLE oversight (
  portfolio_id text PRIMARY KEY REFERENCES portfolios(portfolio_id),
  state jsonb NOT NULL,
  updated_at bigint NOT NULL
);

INSERT INTO oversight SELECT portfolio_id, '{"posture": "normal", "since": 0, "why": "the beginning", "room": null}', (extract(epoch from clock_timestamp()) * 1000)::bigint FROM portfolios;
