-- An absent order is sent again or withdrawn: until then it is open business, found by the same index.
DROP INDEX orders_unsettled;
CREATE INDEX orders_unsettled ON orders (portfolio_id) WHERE state IN ('planned', 'submitting', 'unknown', 'absent');
