-- The venue's limits, shared by all workers: budget that was handed out, and when the venue asked to stop.

-- One row per counter and window. Units are leased, not used: what a worker that died did not use is lost for its window.
CREATE TABLE limiter_windows (
  scope        text   NOT NULL,
  kind         text   NOT NULL CHECK (kind IN ('weight1m', 'orders10s', 'orders1m')),
  -- Epoch milliseconds on the venue's clock, aligned to the kind's length.
  window_start bigint NOT NULL,
  leased       integer NOT NULL DEFAULT 0 CHECK (leased >= 0),
  -- Used by others than Keel, as far as the venue told.
  foreign_used integer NOT NULL DEFAULT 0 CHECK (foreign_used >= 0),
  PRIMARY KEY (scope, kind, window_start)
);

CREATE TABLE limiter_blocks (
  scope            text PRIMARY KEY,
  -- Epoch milliseconds on the venue's clock.
  blocked_until_ms bigint NOT NULL,
  reason           text   NOT NULL
);

-- Takes at most p_units, never beyond p_ceiling, in one step under the row's lock. The first lease of a window also
-- clears windows that are long over.
CREATE FUNCTION limiter_lease(p_scope text, p_kind text, p_window_start bigint, p_units integer, p_ceiling integer)
RETURNS TABLE (granted integer, leased integer, foreign_used integer)
LANGUAGE plpgsql AS $$
DECLARE
  entry limiter_windows%ROWTYPE;
  take  integer;
BEGIN
  INSERT INTO limiter_windows (scope, kind, window_start) VALUES (p_scope, p_kind, p_window_start) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    DELETE FROM limiter_windows w WHERE w.scope = p_scope AND w.kind = p_kind AND w.window_start < p_window_start - 600000;
  END IF;
  SELECT * INTO entry FROM limiter_windows w WHERE w.scope = p_scope AND w.kind = p_kind AND w.window_start = p_window_start FOR UPDATE;
  take := GREATEST(0, LEAST(p_units, p_ceiling - entry.leased - entry.foreign_used));
  IF take > 0 THEN
    UPDATE limiter_windows w SET leased = w.leased + take WHERE w.scope = p_scope AND w.kind = p_kind AND w.window_start = p_window_start;
  END IF;
  RETURN QUERY SELECT take, entry.leased + take, entry.foreign_used;
END $$;
