-- Append-only: what people said of predictions that were evaluated. Whoever changes their mind says so in a further row; the
-- last one that is no skip holds. Outcomes stay as they are.
CREATE TABLE label_opinions (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  prediction_id bigint NOT NULL REFERENCES outcomes(prediction_id),
  mark text NOT NULL CHECK (mark in ('badData', 'regime', 'wouldNotTrade', 'skip')),
  regime text CHECK (regime in ('trendUp', 'trendDown', 'range', 'choppy', 'breakout', 'illiquid')),
  -- The person.
  actor text NOT NULL,
  because text,
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint,
  CONSTRAINT label_opinions_whole CHECK ((mark = 'regime') = (regime is not null) and (mark = 'skip' or because is not null))
);
CREATE INDEX label_opinions_prediction ON label_opinions (portfolio_id, prediction_id, seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON label_opinions FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();
