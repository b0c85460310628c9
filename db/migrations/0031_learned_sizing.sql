-- Learned sizing: what every size of a signal would have brought, what was learned from that, and who let it be in charge.

-- Append-only: a signal that would have been opened at neutral size, priced at every multiplier.
CREATE TABLE sizing_samples (
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  cycle_id text NOT NULL,
  instrument_id text NOT NULL,
  -- Of the rewards: numbers of different definitions are never compared.
  version text NOT NULL,
  -- Market clock: the decision, and when all that came of it was known.
  decided_at bigint NOT NULL,
  known_at bigint NOT NULL,
  state jsonb NOT NULL,
  multipliers double precision[] NOT NULL,
  -- Basis points of equity, one per multiplier.
  rewards double precision[] NOT NULL,
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint,
  CONSTRAINT sizing_samples_pk PRIMARY KEY (cycle_id, instrument_id, version),
  CONSTRAINT sizing_samples_whole CHECK (cardinality(multipliers) = cardinality(rewards) and decided_at < known_at)
);
CREATE INDEX sizing_samples_portfolio ON sizing_samples (portfolio_id, version, decided_at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sizing_samples FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();

-- Append-only: a model is its bytes; its name is their hash. The newest one counts.
CREATE TABLE sizing_models (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  model_id text NOT NULL,
  version text NOT NULL,
  -- Market clock: nothing later was known.
  as_of bigint NOT NULL,
  samples integer NOT NULL CHECK (samples > 0),
  -- With neutral, where it did not learn; null: too little to tell.
  comparison jsonb,
  artefact bytea NOT NULL,
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint,
  CONSTRAINT sizing_models_once UNIQUE (portfolio_id, model_id),
  CONSTRAINT sizing_models_hash CHECK (model_id = encode(sha256(artefact), 'hex'))
);
CREATE INDEX sizing_models_newest ON sizing_models (portfolio_id, seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sizing_models FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();

-- Append-only: a person who saw what was learned and let it be in charge.
CREATE TABLE sizing_acknowledgements (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  portfolio_id text NOT NULL,
  -- What was seen; it holds for the models that follow it too.
  model_id text NOT NULL,
  acknowledged_by text NOT NULL,
  reason text NOT NULL,
  written_at bigint NOT NULL DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint,
  CONSTRAINT sizing_acknowledgements_model FOREIGN KEY (portfolio_id, model_id) REFERENCES sizing_models (portfolio_id, model_id)
);
CREATE INDEX sizing_acknowledgements_newest ON sizing_acknowledgements (portfolio_id, seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sizing_acknowledgements FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();
