-- Positions take profit in rungs, targets move, and the chain reads closed trades by symbol.

ALTER TABLE intents DROP CONSTRAINT intents_leg;
ALTER TABLE intents ADD CONSTRAINT intents_leg CHECK (leg in ('entry', 'stop', 'firstTarget', 'target', 'exit'));

ALTER TABLE instructions DROP CONSTRAINT instructions_kind;
ALTER TABLE instructions ADD CONSTRAINT instructions_kind CHECK (kind in ('close', 'moveStop', 'moveTarget', 'emergency', 'gone'));

-- The newest closed trades of one symbol, without reading the others.
CREATE INDEX positions_symbol_trades ON positions (portfolio_id, instrument_id, closed_at) WHERE state = 'closed' AND entry_quantity > 0;
