-- History cannot be changed, by whoever holds a connection: the database itself refuses.

CREATE FUNCTION keel_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table "%" is append-only: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'integrity_constraint_violation', HINT = 'History is corrected by a further row, never by changing one.';
END
$$;

CREATE FUNCTION keel_refuse_recorded_cycle_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.recorded_at IS NULL AND NEW.cycle_id = OLD.cycle_id AND NEW.workflow_id = OLD.workflow_id THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'table "cycles" is append-only: cycle % is claimed or recorded already, UPDATE is refused', OLD.cycle_id
    USING ERRCODE = 'integrity_constraint_violation', HINT = 'History is corrected by a further row, never by changing one.';
END
$$;

DO $$
DECLARE
  history text;
BEGIN
  FOREACH history IN ARRAY ARRAY[
    'policy_versions', 'predictions', 'intents', 'order_events', 'fills', 'income',
    'fence_history', 'domain_events', 'audit_records'
  ] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change()', history);
  END LOOP;
END
$$;

-- A claimed cycle is recorded once, and stays; a stored candle never changes, though old ones may be removed.
CREATE TRIGGER recorded_once BEFORE UPDATE ON cycles FOR EACH ROW EXECUTE FUNCTION keel_refuse_recorded_cycle_change();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON cycles FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON candles FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON positions FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION keel_refuse_change();
