-- The sum of all income, kept by the database itself: reconciliation compares it with the wallet without reading the whole history.
CREATE TABLE money (
  portfolio_id text PRIMARY KEY REFERENCES portfolios(portfolio_id),
  booked numeric NOT NULL
);

INSERT INTO money SELECT portfolio_id, sum(amount) FROM income GROUP BY portfolio_id;

CREATE FUNCTION keel_sum_money() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO money SELECT portfolio_id, sum(amount) FROM added GROUP BY portfolio_id
    ON CONFLICT (portfolio_id) DO UPDATE SET booked = money.booked + excluded.booked;
  RETURN NULL;
END
$$;

CREATE TRIGGER sum_money AFTER INSERT ON income REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keel_sum_money();
