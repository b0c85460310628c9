-- When an order was sent, market clock: a portfolio's limit of a minute counts by it. Orders from before were sent longer ago.
ALTER TABLE orders ADD COLUMN sent_market_at bigint;
CREATE INDEX orders_sent ON orders (portfolio_id, sent_market_at);
