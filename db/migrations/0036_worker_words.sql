-- What workers say of themselves, so that one that was asked to stop is not taken for one that died.
CREATE TABLE worker_words (
  portfolio_id text NOT NULL REFERENCES portfolios(portfolio_id),
  -- The queue, as health names it.
  part text NOT NULL,
  worker_id text NOT NULL,
  state text NOT NULL,
  -- Wall clock of the worker: when it said so, of one that runs again and again.
  at bigint NOT NULL,
  CONSTRAINT worker_words_pk PRIMARY KEY (portfolio_id, part, worker_id),
  CONSTRAINT worker_words_state CHECK (state in ('starting', 'running', 'stopping', 'stopped'))
);
