-- Append-only: once per market day, how each voter did, what its vote should weigh for that, and whether the champion drifted.
CREATE TABLE supervisions (
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  -- Market clock.
  at bigint NOT NULL,
  scores jsonb NOT NULL,
  -- By regime, by voter.
  weights jsonb NOT NULL,
  drift jsonb NOT NULL,
  -- Critical ones about the champion.
  findings jsonb NOT NULL,
  -- What it started a retrain for; null: none.
  retrain text CHECK (retrain in ('drift', 'labels')),
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint,
  CONSTRAINT supervisions_pk PRIMARY KEY (portfolio_id, at)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON supervisions FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();
