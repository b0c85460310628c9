-- Closed trades, newest first, without reading the whole history.
CREATE INDEX positions_trades ON positions (portfolio_id, closed_at) WHERE state = 'closed' AND entry_quantity > 0;
