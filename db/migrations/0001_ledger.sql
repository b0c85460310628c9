-- The ledger's tables, as db/schema.ts describes them.
CREATE TABLE "differences" (
  "portfolio_id" text NOT NULL,
  "key" text NOT NULL,
  "kind" text NOT NULL,
  "instrument_id" text,
  "evidence" jsonb NOT NULL,
  "looks" integer NOT NULL,
  "first_seen_at" bigint NOT NULL,
  "last_seen_at" bigint NOT NULL,
  "outcome" text,
  CONSTRAINT "differences_pk" PRIMARY KEY("portfolio_id","key"),
  CONSTRAINT "differences_looks" CHECK (looks >= 1)
);

CREATE TABLE "fence" (
  "portfolio_id" text PRIMARY KEY NOT NULL,
  "epoch" integer NOT NULL,
  "halted" boolean NOT NULL,
  "changed_by" text NOT NULL,
  "reason" text NOT NULL,
  "changed_at" bigint NOT NULL,
  CONSTRAINT "fence_epoch" CHECK (epoch >= 1)
);

CREATE TABLE "fence_history" (
  "seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "fence_history_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
  "portfolio_id" text NOT NULL,
  "epoch" integer NOT NULL,
  "halted" boolean NOT NULL,
  "changed_by" text NOT NULL,
  "reason" text NOT NULL,
  "changed_at" bigint NOT NULL
);

CREATE TABLE "guard_state" (
  "portfolio_id" text PRIMARY KEY NOT NULL,
  "state" jsonb NOT NULL,
  "updated_at" bigint NOT NULL
);

CREATE TABLE "venue_cursors" (
  "portfolio_id" text NOT NULL,
  "name" text NOT NULL,
  "value" bigint NOT NULL,
  "written_at" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint NOT NULL,
  CONSTRAINT "venue_cursors_pk" PRIMARY KEY("portfolio_id","name")
);

CREATE TABLE "audit_records" (
  "position" bigint PRIMARY KEY NOT NULL,
  "event_seq" bigint NOT NULL,
  "type" text NOT NULL,
  "retention_days" integer NOT NULL,
  "hash" text NOT NULL,
  "sealed_at" bigint NOT NULL,
  CONSTRAINT "audit_records_event_unique" UNIQUE("event_seq"),
  CONSTRAINT "audit_records_hash" CHECK (hash ~ '^[0-9a-f]{64}$')
);

CREATE TABLE "domain_events" (
  "seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "domain_events_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
  "event_id" text NOT NULL,
  "type" text NOT NULL,
  "source" text NOT NULL,
  "portfolio_id" text,
  "subject" text NOT NULL,
  "trace_id" text NOT NULL,
  "actor" text NOT NULL,
  "time" bigint NOT NULL,
  "payload" jsonb NOT NULL,
  CONSTRAINT "domain_events_once" UNIQUE("event_id")
);

CREATE TABLE "event_counts" (
  "type" text PRIMARY KEY NOT NULL,
  "published" bigint NOT NULL,
  "written_at" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint NOT NULL
);

CREATE TABLE "event_subscribers" (
  "name" text PRIMARY KEY NOT NULL,
  "position" bigint NOT NULL,
  "delivered" bigint NOT NULL,
  "failed" bigint NOT NULL,
  "updated_at" bigint NOT NULL
);

CREATE TABLE "outbox" (
  "seq" bigint PRIMARY KEY NOT NULL
);

CREATE TABLE "parked_deliveries" (
  "subscriber" text NOT NULL,
  "position" bigint NOT NULL,
  "error" text NOT NULL,
  "parked_at" bigint NOT NULL,
  "replayed_at" bigint,
  CONSTRAINT "parked_deliveries_pk" PRIMARY KEY("subscriber","position")
);

CREATE TABLE "candles" (
  "instrument_id" text NOT NULL,
  "timeframe" text NOT NULL,
  "open_time" bigint NOT NULL,
  "open" double precision NOT NULL,
  "high" double precision NOT NULL,
  "low" double precision NOT NULL,
  "close" double precision NOT NULL,
  "volume" double precision NOT NULL,
  CONSTRAINT "candles_pk" PRIMARY KEY("instrument_id","timeframe","open_time")
);

CREATE TABLE "cycles" (
  "cycle_id" text PRIMARY KEY NOT NULL,
  "portfolio_id" text NOT NULL,
  "strategy" text NOT NULL,
  "timeframe" text NOT NULL,
  "close_time" bigint NOT NULL,
  "workflow_id" text NOT NULL,
  "policy_version" integer,
  "late" boolean,
  "observation" jsonb,
  "plan" jsonb,
  "opens" integer,
  "instructions" integer,
  "refused" integer,
  "holds" integer,
  "claimed_at" bigint NOT NULL,
  "recorded_at" bigint,
  CONSTRAINT "cycles_candle_unique" UNIQUE("portfolio_id","strategy","timeframe","close_time"),
  CONSTRAINT "cycles_recorded_whole" CHECK ((recorded_at is null) = (observation is null) and (recorded_at is null) = (plan is null) and (recorded_at is null) = (policy_version is null))
);

CREATE TABLE "instruments" (
  "instrument_id" text PRIMARY KEY NOT NULL,
  "venue_symbol" text NOT NULL,
  "base" text NOT NULL,
  "quote" text NOT NULL,
  "kind" text NOT NULL,
  "tick_size" numeric NOT NULL,
  "step_size" numeric NOT NULL,
  "min_quantity" numeric NOT NULL,
  "max_quantity" numeric NOT NULL,
  "max_market_quantity" numeric NOT NULL,
  "min_notional" numeric NOT NULL,
  "max_notional" numeric,
  "maker_fee_rate" numeric NOT NULL,
  "taker_fee_rate" numeric NOT NULL,
  "written_at" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint NOT NULL,
  CONSTRAINT "instruments_steps" CHECK (tick_size > 0 and step_size > 0)
);

CREATE TABLE "policy_versions" (
  "portfolio_id" text NOT NULL,
  "version" integer NOT NULL,
  "policy" jsonb NOT NULL,
  "changed_by" text NOT NULL,
  "reason" text NOT NULL,
  "written_at" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint NOT NULL,
  CONSTRAINT "policy_versions_pk" PRIMARY KEY("portfolio_id","version"),
  CONSTRAINT "policy_versions_version" CHECK (version >= 1)
);

CREATE TABLE "portfolios" (
  "portfolio_id" text PRIMARY KEY NOT NULL,
  "deployment_id" text NOT NULL,
  "venue_account_id" text NOT NULL,
  "mode" text NOT NULL,
  "strategy" text NOT NULL,
  "timeframe" text NOT NULL,
  "instrument_ids" text[] NOT NULL,
  "armed_by" text,
  "written_at" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint NOT NULL,
  CONSTRAINT "portfolios_venue_account_unique" UNIQUE("venue_account_id"),
  CONSTRAINT "portfolios_deployment_id" CHECK (deployment_id ~ '^[a-z2-7]{5}$'),
  CONSTRAINT "portfolios_mode" CHECK (mode in ('sim', 'replay', 'paper', 'testnet', 'live'))
);

CREATE TABLE "predictions" (
  "cycle_id" text NOT NULL,
  "instrument_id" text NOT NULL,
  "voter" text NOT NULL,
  "voter_version" text NOT NULL,
  "portfolio_id" text NOT NULL,
  "made_at" bigint NOT NULL,
  "action" text NOT NULL,
  "confidence" double precision NOT NULL,
  "probability_buy" double precision,
  "probability_sell" double precision,
  "probability_hold" double precision,
  "because" text NOT NULL,
  "regime" text NOT NULL,
  "price" numeric NOT NULL,
  CONSTRAINT "predictions_pk" PRIMARY KEY("cycle_id","instrument_id","voter"),
  CONSTRAINT "predictions_action" CHECK (action in ('buy', 'sell', 'hold', 'abstain')),
  CONSTRAINT "predictions_confidence" CHECK (confidence between 0 and 1)
);

CREATE TABLE "equity" (
  "portfolio_id" text NOT NULL,
  "market_time" bigint NOT NULL,
  "wallet_balance" numeric NOT NULL,
  "equity" numeric NOT NULL,
  "available_margin" numeric NOT NULL,
  "open_positions" integer NOT NULL,
  "written_at" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint NOT NULL,
  CONSTRAINT "equity_pk" PRIMARY KEY("portfolio_id","market_time")
);

CREATE TABLE "fills" (
  "portfolio_id" text NOT NULL,
  "instrument_id" text NOT NULL,
  "trade_id" text NOT NULL,
  "venue_order_id" text NOT NULL,
  "seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "fills_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
  "position_id" text NOT NULL,
  "client_order_id" text,
  "side" text NOT NULL,
  "position_side" text NOT NULL,
  "price" numeric NOT NULL,
  "quantity" numeric NOT NULL,
  "fee" numeric NOT NULL,
  "fee_currency" text NOT NULL,
  "realized_pnl" numeric NOT NULL,
  "maker" boolean NOT NULL,
  "filled_at" bigint NOT NULL,
  "filled_at_wall" bigint NOT NULL,
  "written_at" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint NOT NULL,
  CONSTRAINT "fills_once" PRIMARY KEY("portfolio_id","instrument_id","trade_id","venue_order_id"),
  CONSTRAINT "fills_side" CHECK (side in ('buy', 'sell')),
  CONSTRAINT "fills_positive" CHECK (quantity > 0 and price > 0)
);

CREATE TABLE "income" (
  "portfolio_id" text NOT NULL,
  "income_id" text NOT NULL,
  "type" text NOT NULL,
  "instrument_id" text,
  "amount" numeric NOT NULL,
  "currency" text NOT NULL,
  "trade_id" text,
  "time" bigint NOT NULL,
  "written_at" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint NOT NULL,
  CONSTRAINT "income_once" UNIQUE NULLS NOT DISTINCT("portfolio_id","income_id","type","instrument_id")
);

CREATE TABLE "instructions" (
  "instruction_id" text PRIMARY KEY NOT NULL,
  "seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "instructions_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
  "position_id" text NOT NULL,
  "kind" text NOT NULL,
  "instruction" jsonb NOT NULL,
  "handled_at" bigint,
  "written_at" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint NOT NULL,
  CONSTRAINT "instructions_kind" CHECK (kind in ('close', 'moveStop', 'gone'))
);

CREATE TABLE "intents" (
  "intent_id" text PRIMARY KEY NOT NULL,
  "client_order_id" text NOT NULL,
  "portfolio_id" text NOT NULL,
  "position_id" text NOT NULL,
  "cycle_id" text,
  "leg" text NOT NULL,
  "revision" integer NOT NULL,
  "instrument_id" text NOT NULL,
  "side" text NOT NULL,
  "position_side" text NOT NULL,
  "type" text NOT NULL,
  "time_in_force" text NOT NULL,
  "quantity" numeric NOT NULL,
  "price" numeric,
  "trigger_price" numeric,
  "reduce_only" boolean NOT NULL,
  "closes_position" boolean NOT NULL,
  "decision_price" numeric NOT NULL,
  "epoch" integer NOT NULL,
  "valid_until" bigint,
  "max_drift_bps" double precision,
  "work_until_market_time" bigint,
  "policy_version" integer NOT NULL,
  "written_at" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint NOT NULL,
  CONSTRAINT "intents_client_order_unique" UNIQUE("client_order_id"),
  CONSTRAINT "intents_identity_unique" UNIQUE("position_id","leg","revision"),
  CONSTRAINT "intents_leg" CHECK (leg in ('entry', 'stop', 'target', 'exit')),
  CONSTRAINT "intents_side" CHECK (side in ('buy', 'sell')),
  CONSTRAINT "intents_position_side" CHECK (position_side in ('both', 'long', 'short')),
  CONSTRAINT "intents_type" CHECK (type in ('market', 'limit', 'stopMarket', 'takeProfitMarket')),
  CONSTRAINT "intents_time_in_force" CHECK (time_in_force in ('GTC', 'IOC', 'FOK', 'GTX')),
  CONSTRAINT "intents_quantity" CHECK (quantity > 0),
  CONSTRAINT "intents_client_order_id" CHECK (client_order_id ~ '^[.A-Z:/a-z0-9_-]{1,36}$')
);

CREATE TABLE "order_events" (
  "seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "order_events_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
  "client_order_id" text NOT NULL,
  "kind" text NOT NULL,
  "from_state" text NOT NULL,
  "to_state" text NOT NULL,
  "event" jsonb NOT NULL,
  "at" bigint NOT NULL
);

CREATE TABLE "orders" (
  "client_order_id" text PRIMARY KEY NOT NULL,
  "seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "orders_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
  "portfolio_id" text NOT NULL,
  "position_id" text NOT NULL,
  "instrument_id" text NOT NULL,
  "book" text NOT NULL,
  "state" text NOT NULL,
  "attempt" integer NOT NULL,
  "sent_timestamp" bigint,
  "venue_order_id" text,
  "triggered_order_id" text,
  "filled_quantity" numeric DEFAULT '0' NOT NULL,
  "booked_quantity" numeric DEFAULT '0' NOT NULL,
  "average_price" numeric,
  "reason" text,
  "accepted_at" bigint,
  "updated_at" bigint NOT NULL,
  "planned_at" bigint NOT NULL,
  CONSTRAINT "orders_state" CHECK (state in ('planned', 'submitting', 'unknown', 'absent', 'accepted', 'partiallyFilled', 'filled', 'canceled', 'rejected', 'halted', 'expired')),
  CONSTRAINT "orders_book" CHECK (book in ('plain', 'conditional')),
  CONSTRAINT "orders_attempt" CHECK (attempt >= 0),
  CONSTRAINT "orders_filled" CHECK (filled_quantity >= 0 and booked_quantity >= 0)
);

CREATE TABLE "positions" (
  "position_id" text PRIMARY KEY NOT NULL,
  "seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "positions_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
  "portfolio_id" text NOT NULL,
  "instrument_id" text NOT NULL,
  "cycle_id" text NOT NULL,
  "direction" text NOT NULL,
  "plan" jsonb NOT NULL,
  "state" text NOT NULL,
  "quantity" numeric DEFAULT '0' NOT NULL,
  "entry_quantity" numeric DEFAULT '0' NOT NULL,
  "entry_price" numeric,
  "exit_price" numeric,
  "stop_price" numeric NOT NULL,
  "target_price" numeric,
  "realized_pnl" numeric DEFAULT '0' NOT NULL,
  "fees" numeric DEFAULT '0' NOT NULL,
  "close_reason" text,
  "inbox_seq" bigint NOT NULL,
  "handled_seq" bigint NOT NULL,
  "decided_at" bigint NOT NULL,
  "first_fill_at" bigint,
  "last_fill_at" bigint,
  "closed_at" bigint,
  "written_at" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000)::bigint NOT NULL,
  CONSTRAINT "positions_state" CHECK (state in ('opening', 'open', 'closing', 'closed')),
  CONSTRAINT "positions_direction" CHECK (direction in ('long', 'short')),
  CONSTRAINT "positions_quantity" CHECK (quantity >= 0),
  CONSTRAINT "positions_closed_whole" CHECK ((state = 'closed') = (close_reason is not null) and (state = 'closed') = (closed_at is not null)),
  CONSTRAINT "positions_inbox" CHECK (inbox_seq >= handled_seq and handled_seq >= 0)
);

ALTER TABLE "differences" ADD CONSTRAINT "differences_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "fence" ADD CONSTRAINT "fence_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "fence_history" ADD CONSTRAINT "fence_history_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "guard_state" ADD CONSTRAINT "guard_state_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "venue_cursors" ADD CONSTRAINT "venue_cursors_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "audit_records" ADD CONSTRAINT "audit_records_event_seq_domain_events_seq_fk" FOREIGN KEY ("event_seq") REFERENCES "domain_events"("seq") ON DELETE no action ON UPDATE no action;
ALTER TABLE "domain_events" ADD CONSTRAINT "domain_events_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "outbox" ADD CONSTRAINT "outbox_seq_domain_events_seq_fk" FOREIGN KEY ("seq") REFERENCES "domain_events"("seq") ON DELETE no action ON UPDATE no action;
ALTER TABLE "parked_deliveries" ADD CONSTRAINT "parked_deliveries_subscriber_event_subscribers_name_fk" FOREIGN KEY ("subscriber") REFERENCES "event_subscribers"("name") ON DELETE no action ON UPDATE no action;
ALTER TABLE "parked_deliveries" ADD CONSTRAINT "parked_deliveries_position_audit_records_position_fk" FOREIGN KEY ("position") REFERENCES "audit_records"("position") ON DELETE no action ON UPDATE no action;
ALTER TABLE "candles" ADD CONSTRAINT "candles_instrument_id_instruments_instrument_id_fk" FOREIGN KEY ("instrument_id") REFERENCES "instruments"("instrument_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "cycles" ADD CONSTRAINT "cycles_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "cycles" ADD CONSTRAINT "cycles_policy_fk" FOREIGN KEY ("portfolio_id","policy_version") REFERENCES "policy_versions"("portfolio_id","version") ON DELETE no action ON UPDATE no action;
ALTER TABLE "policy_versions" ADD CONSTRAINT "policy_versions_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "predictions" ADD CONSTRAINT "predictions_cycle_id_cycles_cycle_id_fk" FOREIGN KEY ("cycle_id") REFERENCES "cycles"("cycle_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "predictions" ADD CONSTRAINT "predictions_instrument_id_instruments_instrument_id_fk" FOREIGN KEY ("instrument_id") REFERENCES "instruments"("instrument_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "equity" ADD CONSTRAINT "equity_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "fills" ADD CONSTRAINT "fills_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "fills" ADD CONSTRAINT "fills_instrument_id_instruments_instrument_id_fk" FOREIGN KEY ("instrument_id") REFERENCES "instruments"("instrument_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "fills" ADD CONSTRAINT "fills_position_id_positions_position_id_fk" FOREIGN KEY ("position_id") REFERENCES "positions"("position_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "fills" ADD CONSTRAINT "fills_client_order_id_orders_client_order_id_fk" FOREIGN KEY ("client_order_id") REFERENCES "orders"("client_order_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "income" ADD CONSTRAINT "income_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "instructions" ADD CONSTRAINT "instructions_position_id_positions_position_id_fk" FOREIGN KEY ("position_id") REFERENCES "positions"("position_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "intents" ADD CONSTRAINT "intents_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "intents" ADD CONSTRAINT "intents_position_id_positions_position_id_fk" FOREIGN KEY ("position_id") REFERENCES "positions"("position_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "intents" ADD CONSTRAINT "intents_cycle_id_cycles_cycle_id_fk" FOREIGN KEY ("cycle_id") REFERENCES "cycles"("cycle_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "intents" ADD CONSTRAINT "intents_instrument_id_instruments_instrument_id_fk" FOREIGN KEY ("instrument_id") REFERENCES "instruments"("instrument_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "intents" ADD CONSTRAINT "intents_policy_fk" FOREIGN KEY ("portfolio_id","policy_version") REFERENCES "policy_versions"("portfolio_id","version") ON DELETE no action ON UPDATE no action;
ALTER TABLE "order_events" ADD CONSTRAINT "order_events_client_order_id_orders_client_order_id_fk" FOREIGN KEY ("client_order_id") REFERENCES "orders"("client_order_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "orders" ADD CONSTRAINT "orders_client_order_id_intents_client_order_id_fk" FOREIGN KEY ("client_order_id") REFERENCES "intents"("client_order_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "orders" ADD CONSTRAINT "orders_position_id_positions_position_id_fk" FOREIGN KEY ("position_id") REFERENCES "positions"("position_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "positions" ADD CONSTRAINT "positions_portfolio_id_portfolios_portfolio_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("portfolio_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "positions" ADD CONSTRAINT "positions_instrument_id_instruments_instrument_id_fk" FOREIGN KEY ("instrument_id") REFERENCES "instruments"("instrument_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "positions" ADD CONSTRAINT "positions_cycle_id_cycles_cycle_id_fk" FOREIGN KEY ("cycle_id") REFERENCES "cycles"("cycle_id") ON DELETE no action ON UPDATE no action;
CREATE INDEX "fence_history_portfolio" ON "fence_history" USING btree ("portfolio_id","seq");
CREATE INDEX "audit_records_type" ON "audit_records" USING btree ("type","position");
CREATE INDEX "domain_events_type" ON "domain_events" USING btree ("type","seq");
CREATE INDEX "domain_events_subject" ON "domain_events" USING btree ("subject","seq");
CREATE INDEX "domain_events_trace" ON "domain_events" USING btree ("trace_id","seq");
CREATE INDEX "domain_events_actor" ON "domain_events" USING btree ("actor","seq");
CREATE INDEX "domain_events_time" ON "domain_events" USING btree ("time");
CREATE INDEX "parked_deliveries_waiting" ON "parked_deliveries" USING btree ("subscriber","position") WHERE replayed_at is null;
CREATE INDEX "cycles_newest" ON "cycles" USING btree ("portfolio_id","close_time");
CREATE INDEX "predictions_newest" ON "predictions" USING btree ("portfolio_id","instrument_id","made_at");
CREATE INDEX "fills_position" ON "fills" USING btree ("position_id");
CREATE INDEX "fills_order" ON "fills" USING btree ("client_order_id");
CREATE INDEX "fills_newest" ON "fills" USING btree ("portfolio_id","instrument_id","filled_at");
CREATE INDEX "income_time" ON "income" USING btree ("portfolio_id","instrument_id","type","time");
CREATE INDEX "instructions_waiting" ON "instructions" USING btree ("position_id","seq") WHERE handled_at is null;
CREATE INDEX "intents_cycle" ON "intents" USING btree ("cycle_id");
CREATE INDEX "order_events_order" ON "order_events" USING btree ("client_order_id","seq");
CREATE INDEX "orders_newest" ON "orders" USING btree ("portfolio_id","seq");
CREATE INDEX "orders_position" ON "orders" USING btree ("position_id");
CREATE INDEX "orders_unsettled" ON "orders" USING btree ("portfolio_id") WHERE state in ('planned', 'submitting', 'unknown');
CREATE INDEX "orders_open" ON "orders" USING btree ("portfolio_id") WHERE state not in ('filled', 'canceled', 'rejected', 'halted', 'expired');
CREATE INDEX "orders_unbooked" ON "orders" USING btree ("portfolio_id") WHERE booked_quantity <> filled_quantity;
CREATE INDEX "orders_venue" ON "orders" USING btree ("portfolio_id","instrument_id","venue_order_id");
CREATE INDEX "orders_triggered" ON "orders" USING btree ("portfolio_id","instrument_id","triggered_order_id");
CREATE INDEX "positions_newest" ON "positions" USING btree ("portfolio_id","seq");
CREATE INDEX "positions_open" ON "positions" USING btree ("portfolio_id") WHERE state <> 'closed';
CREATE INDEX "positions_unhandled" ON "positions" USING btree ("portfolio_id") WHERE inbox_seq > handled_seq and state <> 'closed';
CREATE INDEX "positions_closed" ON "positions" USING btree ("portfolio_id","closed_at") WHERE state = 'closed';
CREATE INDEX "positions_cycle" ON "positions" USING btree ("cycle_id");