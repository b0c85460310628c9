-- Each prediction says when the transaction that stored it began, so that one that came after its use is found. Rows from
-- before say nothing.
ALTER TABLE predictions ADD COLUMN stored_at bigint;
ALTER TABLE predictions ALTER COLUMN stored_at SET DEFAULT (extract(epoch from transaction_timestamp()) * 1000)::bigint;
