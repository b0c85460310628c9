/** Positions, their orders and what the venue made of them. */
import { sql } from 'drizzle-orm';
import { boolean, check, doublePrecision, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import type { Instruction, OpenPlan } from '../../domain/cycle/types.ts';
import { LEGS } from '../../domain/orders/order.ts';
import type { OrderEvent } from '../../domain/orders/transitions.ts';
import { counter, decimal, epochMs, id, oneOf, writtenAt } from './columns.ts';
import { cycles, instruments, policyVersions, portfolios } from './market.ts';

const ORDER_STATES = ['planned', 'submitting', 'unknown', 'absent', 'accepted', 'partiallyFilled', 'filled', 'canceled', 'rejected', 'halted', 'expired'];

/** The sum of its fills, what its workflow was told (`inbox_seq`) and has handled (`handled_seq`). */
export const positions = pgTable(
  'positions',
  {
    positionId: id('position_id').primaryKey(),
    seq: counter('seq').generatedAlwaysAsIdentity(),
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    instrumentId: id('instrument_id').notNull().references(() => instruments.instrumentId),
    cycleId: id('cycle_id').notNull().references(() => cycles.cycleId),
    direction: text('direction').notNull(),
    plan: jsonb('plan').$type<OpenPlan>().notNull(),
    state: text('state').notNull(),
    quantity: decimal('quantity').notNull().default('0'),
    entryQuantity: decimal('entry_quantity').notNull().default('0'),
    entryPrice: decimal('entry_price'),
    exitPrice: decimal('exit_price'),
    stopPrice: decimal('stop_price').notNull(),
    targetPrice: decimal('target_price'),
    realizedPnl: decimal('realized_pnl').notNull().default('0'),
    fees: decimal('fees').notNull().default('0'),
    closeReason: text('close_reason'),
    inboxSeq: counter('inbox_seq').notNull(),
    handledSeq: counter('handled_seq').notNull(),
    /** Market clock: the decision, the first and the last fill, the close. */
    decidedAt: epochMs('decided_at').notNull(),
    firstFillAt: epochMs('first_fill_at'),
    lastFillAt: epochMs('last_fill_at'),
    closedAt: epochMs('closed_at'),
    writtenAt: writtenAt(),
  },
  (table) => [
    index('positions_newest').on(table.portfolioId, table.seq),
    index('positions_open').on(table.portfolioId).where(sql`state <> 'closed'`),
    index('positions_unhandled').on(table.portfolioId).where(sql`inbox_seq > handled_seq and state <> 'closed'`),
    index('positions_closed').on(table.portfolioId, table.closedAt).where(sql`state = 'closed'`),
    index('positions_cycle').on(table.cycleId),
    index('positions_trades').on(table.portfolioId, table.closedAt).where(sql`state = 'closed' and entry_quantity > 0`),
    index('positions_symbol_trades').on(table.portfolioId, table.instrumentId, table.closedAt).where(sql`state = 'closed' and entry_quantity > 0`),
    check('positions_state', oneOf('state', ['opening', 'open', 'closing', 'closed'])),
    check('positions_direction', oneOf('direction', ['long', 'short'])),
    check('positions_quantity', sql`quantity >= 0`),
    check('positions_closed_whole', sql`(state = 'closed') = (close_reason is not null) and (state = 'closed') = (closed_at is not null)`),
    check('positions_inbox', sql`inbox_seq >= handled_seq and handled_seq >= 0`),
  ],
);

/** What was decided, before anything is sent. Append-only. */
export const intents = pgTable(
  'intents',
  {
    intentId: id('intent_id').primaryKey(),
    clientOrderId: id('client_order_id').notNull(),
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    positionId: id('position_id').notNull().references(() => positions.positionId),
    cycleId: id('cycle_id').references(() => cycles.cycleId),
    leg: text('leg').notNull(),
    revision: integer('revision').notNull(),
    instrumentId: id('instrument_id').notNull().references(() => instruments.instrumentId),
    side: text('side').notNull(),
    positionSide: text('position_side').notNull(),
    type: text('type').notNull(),
    timeInForce: text('time_in_force').notNull(),
    quantity: decimal('quantity').notNull(),
    price: decimal('price'),
    triggerPrice: decimal('trigger_price'),
    reduceOnly: boolean('reduce_only').notNull(),
    closesPosition: boolean('closes_position').notNull(),
    decisionPrice: decimal('decision_price').notNull(),
    epoch: integer('epoch').notNull(),
    /** Transport clock. */
    validUntil: epochMs('valid_until'),
    maxDriftBps: doublePrecision('max_drift_bps'),
    /** Market clock. */
    workUntilMarketTime: epochMs('work_until_market_time'),
    policyVersion: integer('policy_version').notNull(),
    writtenAt: writtenAt(),
  },
  (table) => [
    unique('intents_client_order_unique').on(table.clientOrderId),
    unique('intents_identity_unique').on(table.positionId, table.leg, table.revision),
    index('intents_cycle').on(table.cycleId),
    foreignKey({ name: 'intents_policy_fk', columns: [table.portfolioId, table.policyVersion], foreignColumns: [policyVersions.portfolioId, policyVersions.version] }),
    check('intents_leg', oneOf('leg', LEGS)),
    check('intents_side', oneOf('side', ['buy', 'sell'])),
    check('intents_position_side', oneOf('position_side', ['both', 'long', 'short'])),
    check('intents_type', oneOf('type', ['market', 'limit', 'stopMarket', 'takeProfitMarket'])),
    check('intents_time_in_force', oneOf('time_in_force', ['GTC', 'IOC', 'FOK', 'GTX'])),
    check('intents_quantity', sql`quantity > 0`),
    check('intents_client_order_id', sql`client_order_id ~ '^[.A-Z:/a-z0-9_-]{1,36}$'`),
  ],
);

/** Where the one order of an intent stands. Submission is won on this row, and on nothing else. */
export const orders = pgTable(
  'orders',
  {
    clientOrderId: id('client_order_id').primaryKey().references(() => intents.clientOrderId),
    seq: counter('seq').generatedAlwaysAsIdentity(),
    portfolioId: id('portfolio_id').notNull(),
    positionId: id('position_id').notNull().references(() => positions.positionId),
    instrumentId: id('instrument_id').notNull(),
    book: text('book').notNull(),
    state: text('state').notNull(),
    attempt: integer('attempt').notNull(),
    /** Transport clock. */
    sentTimestamp: epochMs('sent_timestamp'),
    /** Market clock; null: never claimed for sending, or sent without the ledger. */
    sentMarketAt: epochMs('sent_market_at'),
    venueOrderId: id('venue_order_id'),
    triggeredOrderId: id('triggered_order_id'),
    /** What the venue says was filled. */
    filledQuantity: decimal('filled_quantity').notNull().default('0'),
    /** Sum of the fills that are in the ledger: equals `filled_quantity` once all are booked. */
    bookedQuantity: decimal('booked_quantity').notNull().default('0'),
    averagePrice: decimal('average_price'),
    reason: text('reason'),
    /** Transport clock. */
    acceptedAt: epochMs('accepted_at'),
    updatedAt: epochMs('updated_at').notNull(),
    plannedAt: epochMs('planned_at').notNull(),
  },
  (table) => [
    index('orders_newest').on(table.portfolioId, table.seq),
    index('orders_position').on(table.positionId),
    index('orders_sent').on(table.portfolioId, table.sentMarketAt),
    index('orders_unsettled').on(table.portfolioId).where(sql`state in ('planned', 'submitting', 'unknown', 'absent')`),
    index('orders_open').on(table.portfolioId).where(sql`state not in ('filled', 'canceled', 'rejected', 'halted', 'expired')`),
    index('orders_unbooked').on(table.portfolioId).where(sql`booked_quantity <> filled_quantity`),
    index('orders_venue').on(table.portfolioId, table.instrumentId, table.venueOrderId),
    index('orders_triggered').on(table.portfolioId, table.instrumentId, table.triggeredOrderId),
    check('orders_state', oneOf('state', ORDER_STATES)),
    check('orders_book', oneOf('book', ['plain', 'conditional'])),
    check('orders_attempt', sql`attempt >= 0`),
    check('orders_filled', sql`filled_quantity >= 0 and booked_quantity >= 0`),
  ],
);

/** Every transition that an order made, and by which event. Append-only. */
export const orderEvents = pgTable(
  'order_events',
  {
    seq: counter('seq').primaryKey().generatedAlwaysAsIdentity(),
    clientOrderId: id('client_order_id').notNull().references(() => orders.clientOrderId),
    kind: text('kind').notNull(),
    fromState: text('from_state').notNull(),
    toState: text('to_state').notNull(),
    event: jsonb('event').$type<OrderEvent>().notNull(),
    /** Transport clock. */
    at: epochMs('at').notNull(),
  },
  (table) => [
    index('order_events_order').on(table.clientOrderId, table.seq),
    index('order_events_errors').on(table.at).where(sql`kind in ('rejected', 'answerLost')`),
  ],
);

/** Every execution, once. A portfolio owns its venue account alone, so its id stands for the account. Append-only. */
export const fills = pgTable(
  'fills',
  {
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    instrumentId: id('instrument_id').notNull().references(() => instruments.instrumentId),
    tradeId: id('trade_id').notNull(),
    venueOrderId: id('venue_order_id').notNull(),
    seq: counter('seq').generatedAlwaysAsIdentity(),
    positionId: id('position_id').notNull().references(() => positions.positionId),
    /** Null: no order of ours made it (closed by hand, liquidation). */
    clientOrderId: id('client_order_id').references(() => orders.clientOrderId),
    side: text('side').notNull(),
    positionSide: text('position_side').notNull(),
    price: decimal('price').notNull(),
    quantity: decimal('quantity').notNull(),
    fee: decimal('fee').notNull(),
    feeCurrency: text('fee_currency').notNull(),
    realizedPnl: decimal('realized_pnl').notNull(),
    maker: boolean('maker').notNull(),
    /** Market clock. */
    filledAt: epochMs('filled_at').notNull(),
    /** Transport clock at the venue. */
    filledAtWall: epochMs('filled_at_wall').notNull(),
    writtenAt: writtenAt(),
  },
  (table) => [
    primaryKey({ name: 'fills_once', columns: [table.portfolioId, table.instrumentId, table.tradeId, table.venueOrderId] }),
    index('fills_position').on(table.positionId),
    index('fills_order').on(table.clientOrderId),
    index('fills_newest').on(table.portfolioId, table.instrumentId, table.filledAt),
    check('fills_side', oneOf('side', ['buy', 'sell'])),
    check('fills_positive', sql`quantity > 0 and price > 0`),
  ],
);

/** What a position's workflow is told. */
export const instructions = pgTable(
  'instructions',
  {
    instructionId: id('instruction_id').primaryKey(),
    seq: counter('seq').generatedAlwaysAsIdentity(),
    positionId: id('position_id').notNull().references(() => positions.positionId),
    kind: text('kind').notNull(),
    instruction: jsonb('instruction').$type<Instruction>().notNull(),
    handledAt: epochMs('handled_at'),
    writtenAt: writtenAt(),
  },
  (table) => [
    index('instructions_waiting').on(table.positionId, table.seq).where(sql`handled_at is null`),
    check('instructions_kind', oneOf('kind', ['close', 'moveStop', 'moveTarget', 'emergency', 'gone'])),
  ],
);

/** The account's money line by line. Append-only. */
export const income = pgTable(
  'income',
  {
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    incomeId: id('income_id').notNull(),
    type: text('type').notNull(),
    /** Null where the line belongs to no symbol. Foreign symbols occur, so no reference. */
    instrumentId: id('instrument_id'),
    amount: decimal('amount').notNull(),
    currency: text('currency').notNull(),
    tradeId: id('trade_id'),
    /** Market clock. */
    time: epochMs('time').notNull(),
    writtenAt: writtenAt(),
  },
  (table) => [
    unique('income_once').on(table.portfolioId, table.incomeId, table.type, table.instrumentId, table.currency).nullsNotDistinct(),
    index('income_time').on(table.portfolioId, table.instrumentId, table.type, table.time),
  ],
);

/** The account's value over market time: the newest reading of each moment. */
export const equity = pgTable(
  'equity',
  {
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    /** Market clock. */
    marketTime: epochMs('market_time').notNull(),
    walletBalance: decimal('wallet_balance').notNull(),
    equity: decimal('equity').notNull(),
    availableMargin: decimal('available_margin').notNull(),
    openPositions: integer('open_positions').notNull(),
    writtenAt: writtenAt(),
  },
  (table) => [primaryKey({ name: 'equity_pk', columns: [table.portfolioId, table.marketTime] })],
);
