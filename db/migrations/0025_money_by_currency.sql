-- Amounts of different currencies make no sum: money is kept by currency, the same line in another currency is another line,
-- and a position's fees are those in the account's own.
ALTER TABLE income DROP CONSTRAINT income_once;
ALTER TABLE income ADD CONSTRAINT income_once UNIQUE NULLS NOT DISTINCT (portfolio_id, income_id, type, instrument_id, currency);

ALTER TABLE money ADD COLUMN currency text;
DELETE FROM money;
ALTER TABLE money ALTER COLUMN currency SET NOT NULL;
ALTER TABLE money DROP CONSTRAINT money_pkey;
ALTER TABLE money ADD CONSTRAINT money_pk PRIMARY KEY (portfolio_id, currency);
INSERT INTO money (portfolio_id, currency, booked) SELECT portfolio_id, currency, sum(amount) FROM income GROUP BY portfolio_id, currency;

CREATE OR REPLACE FUNCTION keel_sum_money() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO money (portfolio_id, currency, booked) SELECT portfolio_id, currency, sum(amount) FROM added GROUP BY portfolio_id, currency
    ON CONFLICT (portfolio_id, currency) DO UPDATE SET booked = money.booked + excluded.booked;
  RETURN NULL;
END
$$;

UPDATE positions p SET fees = (SELECT coalesce(sum(f.fee) FILTER (WHERE f.fee_currency = 'USDT'), 0) FROM fills f WHERE f.position_id = p.position_id)
  WHERE EXISTS (SELECT 1 FROM fills f WHERE f.position_id = p.position_id AND f.fee_currency <> 'USDT');
