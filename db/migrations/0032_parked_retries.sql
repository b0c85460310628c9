-- What was parked is tried again by itself, ever later, until it gets through.
ALTER TABLE parked_deliveries ADD COLUMN tries integer NOT NULL DEFAULT 3 CHECK (tries > 0);
-- Wall clock.
ALTER TABLE parked_deliveries ADD COLUMN next_try_at bigint NOT NULL DEFAULT 0;
CREATE INDEX parked_deliveries_due ON parked_deliveries (subscriber, next_try_at) WHERE replayed_at IS NULL;
