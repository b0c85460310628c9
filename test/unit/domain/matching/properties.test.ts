import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { d, ZERO } from '../../../../domain/decimal.ts';
import type { Dec } from '../../../../domain/decimal.ts';
import { defaultEngineConfig } from '../../../../domain/matching/defaults.ts';
import { MatchingEngine } from '../../../../domain/matching/engine.ts';
import { MemoryHistory } from '../../../../domain/matching/history.ts';
import type { AccountEvent, EngineCommand, VenuePositionSide } from '../../../../domain/matching/types.ts';
import { HOUR, ME, START, bar, instrument } from './engine.fixture.ts';

const SYMBOLS = ['AAAUSDT', 'BBBUSDT'] as const;
const CONFIG = { ...defaultEngineConfig([instrument('AAA'), instrument('BBB')]), depthShare: 0, depthMinNotional: 5_000, depthBps: 200 };

/** What a run is made of: commands, with candles in between whose open times are given when it runs. */
type Move = EngineCommand | { readonly kind: 'candle'; readonly prices: readonly (readonly [number, number, number, number])[]; readonly fundingRate: string };

const symbol = fc.constantFrom(...SYMBOLS);
const side = fc.constantFrom('BUY' as const, 'SELL' as const);
const quantity = fc.integer({ min: 1, max: 6_000 }).map((steps) => (steps / 100).toFixed(2));
const price = fc.integer({ min: 850, max: 1_150 }).map((ticks) => (ticks / 10).toFixed(1));
const id = fc.integer({ min: 0, max: 30 }).map((n) => `c${n}`);

const order = fc.record({
  symbol, side, quantity, price, type: fc.constantFrom('MARKET' as const, 'LIMIT' as const),
  timeInForce: fc.constantFrom('GTC' as const, 'IOC' as const, 'FOK' as const, 'GTX' as const), reduceOnly: fc.boolean(), clientOrderId: id,
  positionSide: fc.constantFrom('BOTH' as const, 'BOTH' as const, 'LONG' as const, 'SHORT' as const),
}).map((fields): Move => ({ kind: 'placeOrder', accountId: ME, order: { ...fields, price: fields.type === 'MARKET' ? null : fields.price, goodTillDate: null } }));

const algo = fc.record({
  symbol, side, quantity, price, triggerPrice: price, type: fc.constantFrom('STOP_MARKET' as const, 'TAKE_PROFIT_MARKET' as const, 'STOP' as const, 'TRAILING_STOP_MARKET' as const),
  closePosition: fc.boolean(), reduceOnly: fc.boolean(), clientAlgoId: id, workingType: fc.constantFrom('CONTRACT_PRICE' as const, 'MARK_PRICE' as const),
}).map((fields): Move => {
  const trails = fields.type === 'TRAILING_STOP_MARKET';
  const closePosition = fields.closePosition && (fields.type === 'STOP_MARKET' || fields.type === 'TAKE_PROFIT_MARKET');
  return {
    kind: 'placeAlgo', accountId: ME, order: {
      ...fields, closePosition, quantity: closePosition ? null : fields.quantity, price: fields.type === 'STOP' ? fields.price : null,
      triggerPrice: trails ? null : fields.triggerPrice, callbackRate: trails ? '1.5' : null, activatePrice: null, priceProtect: false,
      goodTillDate: null, positionSide: 'BOTH', timeInForce: 'GTC',
    },
  };
});

const candle = fc.tuple(
  fc.array(fc.array(fc.integer({ min: 850, max: 1_150 }), { minLength: 4, maxLength: 4 }), { minLength: 2, maxLength: 2 }),
  fc.constantFrom('0.0001', '-0.00035'),
).map(([ticks, fundingRate]): Move => ({
  kind: 'candle', fundingRate,
  prices: ticks.map((four) => {
    const [open = 0, , , close = 0] = four.map((tick) => tick / 10);
    return [open, Math.max(...four) / 10, Math.min(...four) / 10, close] as const;
  }),
}));

const other: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constant('cancelOrder' as const), accountId: fc.constant(ME), symbol, key: fc.record({ clientOrderId: id }) }),
  fc.record({ kind: fc.constant('amendOrder' as const), accountId: fc.constant(ME), order: fc.record({ symbol, key: fc.record({ clientOrderId: id }), side, quantity, price }) }),
  fc.record({ kind: fc.constant('cancelAlgo' as const), accountId: fc.constant(ME), key: fc.record({ clientAlgoId: id }) }),
  fc.record({ kind: fc.constant('cancelAllOrders' as const), accountId: fc.constant(ME), symbol }),
  fc.record({ kind: fc.constant('setLeverage' as const), accountId: fc.constant(ME), symbol, leverage: fc.integer({ min: 1, max: 125 }) }),
  fc.record({ kind: fc.constant('setMarginType' as const), accountId: fc.constant(ME), symbol, marginType: fc.constantFrom('cross' as const, 'isolated' as const) }),
  fc.record({ kind: fc.constant('setHedgeMode' as const), accountId: fc.constant(ME), hedgeMode: fc.boolean() }),
  fc.record({ kind: fc.constant('shock' as const), symbol, factor: fc.constantFrom(0.7, 0.9, 1.1, 1.4) }),
  fc.record({
    kind: fc.constant('addIncome' as const), accountId: fc.constant(ME), type: fc.constantFrom('TRANSFER', 'REFERRAL_KICKBACK', 'ODD'),
    amount: fc.constantFrom('-25.5', '100', '0.00000001'), symbol: fc.constant(''), info: fc.constant(''),
  }),
  fc.record({ kind: fc.constant('forceClose' as const), accountId: fc.constant(ME), symbol, positionSide: fc.constant('BOTH' as const) }),
);
const step: Move = { kind: 'step', untilTime: null };
const moves = fc.array(
  fc.oneof({ weight: 5, arbitrary: order }, { weight: 3, arbitrary: algo }, { weight: 2, arbitrary: candle }, { weight: 4, arbitrary: fc.constant(step) }, { weight: 2, arbitrary: other }),
  { minLength: 15, maxLength: 60 },
);

class Run {
  engine: MatchingEngine;
  history = new MemoryHistory();
  readonly events: AccountEvent[] = [];
  #candle = 0;

  constructor() {
    this.engine = new MatchingEngine(CONFIG, this.history);
    this.#execute({ kind: 'openAccount', accountId: ME, wallet: '600' });
    this.make({ kind: 'candle', fundingRate: '0.0001', prices: [[100, 101, 99, 100], [100, 101, 99, 100]] });
    this.make(step);
  }

  make(move: Move): readonly AccountEvent[] {
    if (move.kind !== 'candle') return this.#execute(move);
    const events = this.#walkToEnd();
    const openTime = START + this.#candle * HOUR;
    this.#candle += 1;
    const bars = move.prices.map((prices, i) => bar(SYMBOLS[i] ?? '', prices, { fundingRate: move.fundingRate, markBasis: 0.001 }));
    return [...events, ...this.#execute({ kind: 'loadBars', batch: { openTime, lengthMs: HOUR, bars } }), ...this.#execute({ kind: 'step', untilTime: null })];
  }

  #walkToEnd(): AccountEvent[] {
    const events: AccountEvent[] = [];
    for (let i = 0; i < 2_000; i += 1) {
      const outcome = this.engine.execute({ kind: 'step', untilTime: null });
      if (!outcome.ok) throw new Error('a step is never refused');
      events.push(...outcome.value.events);
      this.events.push(...outcome.value.events);
      if (outcome.value.reached === 'end') return events;
    }
    throw new Error('a candle does not end');
  }

  #execute(command: EngineCommand): readonly AccountEvent[] {
    const { events } = this.engine.execute(command);
    this.events.push(...events);
    return events;
  }

  /** Through JSON, as a file would. */
  restart(): void {
    const snapshot = JSON.parse(JSON.stringify(this.engine.snapshot())) as ReturnType<MatchingEngine['snapshot']>;
    this.history = MemoryHistory.of(JSON.parse(JSON.stringify(this.history.dump())) as ReturnType<MemoryHistory['dump']>);
    this.engine = MatchingEngine.restore(snapshot, this.history);
  }
}

const ALL = { accountId: ME, limit: 100_000 };
const sum = (values: readonly string[]): Dec => values.reduce((total, one) => total.plus(d(one)), ZERO);
const RUNS = { numRuns: 150 };

function signedFills(run: Run, symbolName: string, positionSide: VenuePositionSide): Dec {
  const fills = run.engine.fills(ALL).filter((fill) => fill.symbol === symbolName && fill.positionSide === positionSide);
  return sum(fills.map((fill) => (fill.side === 'BUY' ? fill.quantity : `-${fill.quantity}`)));
}

function checkBooks(run: Run): void {
  expect(sum(run.engine.income(ALL).map((one) => one.amount)).eq(run.engine.account(ME).walletBalance)).toBe(true);
  for (const position of run.engine.positions(ME)) {
    expect(signedFills(run, position.symbol, position.positionSide).eq(position.quantity)).toBe(true);
    if (d(position.quantity).isZero()) expect(d(position.isolatedWallet).isZero()).toBe(true);
  }
  const orders = run.engine.orders(ALL);
  expect(new Set(orders.map((one) => one.orderId)).size).toBe(orders.length);
  for (const one of orders) {
    const filled = sum(run.engine.fills({ ...ALL, orderId: one.orderId }).map((fill) => fill.quantity));
    expect(filled.eq(one.executedQuantity)).toBe(true);
    expect(filled.lte(one.quantity)).toBe(true);
    expect(one.status === 'FILLED').toBe(filled.eq(one.quantity));
  }
}

describe('whatever is done to the engine', () => {
  it('wallet = Σ income, position = Σ fills, no order is filled beyond its quantity', () => {
    fc.assert(fc.property(moves, (list) => {
      const run = new Run();
      for (const move of list) run.make(move);
      checkBooks(run);
    }), RUNS);
  });

  it('realised PnL of a closed position = what its fills paid and received', () => {
    fc.assert(fc.property(moves, (list) => {
      const run = new Run();
      for (const move of list) run.make(move);
      for (const name of SYMBOLS) run.make({ kind: 'forceClose', accountId: ME, symbol: name, positionSide: 'BOTH' });
      const fills = run.engine.fills(ALL).filter((fill) => fill.positionSide === 'BOTH');
      const cash = sum(fills.map((fill) => (fill.side === 'SELL' ? fill.quoteQuantity : `-${fill.quoteQuantity}`)));
      expect(sum(fills.map((fill) => fill.realizedPnl)).eq(cash)).toBe(true);
    }), RUNS);
  });

  it('a reduce-only fill never enlarges and never turns a position', () => {
    fc.assert(fc.property(moves, (list) => {
      const run = new Run();
      for (const move of list) run.make(move);
      const held = new Map<string, Dec>();
      for (const event of run.events) {
        if (event.kind !== 'orderUpdate' || event.fill === null) continue;
        const key = `${event.fill.symbol}|${event.fill.positionSide}`;
        const before = held.get(key) ?? ZERO;
        const after = before.plus(event.fill.side === 'BUY' ? event.fill.quantity : `-${event.fill.quantity}`);
        held.set(key, after);
        if (event.order.reduceOnly) expect(after.abs().lt(before.abs()) && after.times(before).gte(0)).toBe(true);
      }
    }), RUNS);
  });

  it('the same commands give the same events and state', () => {
    fc.assert(fc.property(moves, (list) => {
      const [one, two] = [new Run(), new Run()];
      for (const move of list) expect(one.make(move)).toEqual(two.make(move));
      expect(one.engine.snapshot()).toEqual(two.engine.snapshot());
    }), { numRuns: 40 });
  });

  it('a snapshot restored in the middle has the same future', () => {
    fc.assert(fc.property(moves, fc.nat(60), (list, at) => {
      const [steady, restarted] = [new Run(), new Run()];
      list.forEach((move, i) => {
        if (i === at % list.length) restarted.restart();
        expect(restarted.make(move)).toEqual(steady.make(move));
      });
      expect(restarted.engine.snapshot()).toEqual(steady.engine.snapshot());
      expect(restarted.engine.orders(ALL)).toEqual(steady.engine.orders(ALL));
      expect(restarted.engine.account(ME)).toEqual(steady.engine.account(ME));
    }), { numRuns: 80 });
  });

  it('the events alone tell the wallet, the open orders and the positions', () => {
    fc.assert(fc.property(moves, (list) => {
      const run = new Run();
      for (const move of list) run.make(move);
      expect(run.events.map((event) => event.eventId)).toEqual(run.events.map((_event, i) => i + 1));
      const times = run.events.map((event) => event.marketTime);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      const wallet = run.events.findLast((event) => event.kind === 'accountUpdate');
      expect(wallet?.kind === 'accountUpdate' && wallet.walletBalance).toBe(run.engine.account(ME).walletBalance);
      const open = new Map<number, string>();
      for (const event of run.events) if (event.kind === 'orderUpdate') open.set(event.order.orderId, event.order.status);
      const working = [...open].filter(([, status]) => status === 'NEW' || status === 'PARTIALLY_FILLED').map(([orderId]) => orderId);
      expect(run.engine.openOrders(ME).map((one) => one.orderId)).toEqual(working.sort((a, b) => a - b));
    }), RUNS);
  });
});
