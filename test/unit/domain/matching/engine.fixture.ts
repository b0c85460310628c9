import { defaultEngineConfig } from '../../../../domain/matching/defaults.ts';
import { MatchingEngine } from '../../../../domain/matching/engine.ts';
import type { AccountEvent, Bar, EngineConfig, NewAlgoOrder, NewOrder, OrderView, Outcome, StepResult } from '../../../../domain/matching/types.ts';
import type { Instrument } from '../../../../domain/market/instrument.ts';

export const HOUR = 3_600_000;
export const START = 1_700_006_400_000;
export const ME = 'me';

export function instrument(base: string, overrides: Partial<Instrument> = {}): Instrument {
  return {
    id: `${base}-USDT-PERP`, venueSymbol: `${base}USDT`, base, quote: 'USDT', kind: 'perpetual', tickSize: '0.1', stepSize: '0.01',
    minQuantity: '0.01', maxQuantity: '10000', maxMarketQuantity: '1000', minNotional: '5', maxNotional: null,
    makerFeeRate: '0.0002', takerFeeRate: '0.0005', ...overrides,
  };
}

export function bar(symbol: string, prices: readonly [open: number, high: number, low: number, close: number], extra: Partial<Bar> = {}): Bar {
  const [open, high, low, close] = prices;
  return { symbol, open, high, low, close, volume: 100_000, markBasis: 0, fundingRate: null, ...extra };
}

export const ORDER: NewOrder = {
  symbol: 'AAAUSDT', side: 'BUY', positionSide: 'BOTH', type: 'MARKET', timeInForce: 'GTC', quantity: '1', price: null, reduceOnly: false,
  clientOrderId: 'o', goodTillDate: null,
};

export const ALGO: NewAlgoOrder = {
  symbol: 'AAAUSDT', side: 'SELL', positionSide: 'BOTH', type: 'STOP_MARKET', timeInForce: 'GTC', quantity: '1', price: null, triggerPrice: '95',
  workingType: 'CONTRACT_PRICE', priceProtect: false, reduceOnly: true, closePosition: false, clientAlgoId: 'a', activatePrice: null,
  callbackRate: null, goodTillDate: null,
};

/** An engine with one account, driven in few words. */
export class Bench {
  readonly engine: MatchingEngine;
  #candle = 0;
  #order = 0;

  constructor(options: { wallet?: string; config?: Partial<EngineConfig>; symbols?: readonly Instrument[] } = {}) {
    const config = defaultEngineConfig(options.symbols ?? [instrument('AAA'), instrument('BBB')]);
    this.engine = new MatchingEngine({ ...config, ...options.config });
    this.engine.execute({ kind: 'openAccount', accountId: ME, wallet: options.wallet ?? '10000' });
  }

  /** Loads the next candle; symbols without one get a flat one at 100. */
  load(...bars: readonly Bar[]): this {
    const given = new Set(bars.map((one) => one.symbol));
    const rest = ['AAAUSDT', 'BBBUSDT'].filter((symbol) => !given.has(symbol)).map((symbol) => bar(symbol, [100, 100, 100, 100]));
    this.engine.execute({ kind: 'loadBars', batch: { openTime: START + this.#candle * HOUR, lengthMs: HOUR, bars: [...bars, ...rest] } });
    this.#candle += 1;
    return this;
  }

  /** Loads a candle and stands at its open. */
  open(...bars: readonly Bar[]): this {
    this.load(...bars);
    this.step();
    return this;
  }

  step(untilTime: number | null = null): StepResult {
    return value(this.engine.execute({ kind: 'step', untilTime }));
  }

  /** Walks to the end; all events on the way. */
  walk(): AccountEvent[] {
    const events: AccountEvent[] = [];
    for (let i = 0; i < 10_000; i += 1) {
      const result = this.step();
      events.push(...result.events);
      if (result.reached === 'end') return events;
    }
    throw new Error('the candle does not end');
  }

  place(order: Partial<NewOrder> = {}): Outcome<OrderView> {
    this.#order += 1;
    return this.engine.execute({ kind: 'placeOrder', accountId: ME, order: { ...ORDER, clientOrderId: `o${this.#order}`, ...order } });
  }

  placed(order: Partial<NewOrder> = {}): OrderView {
    return value(this.place(order));
  }

  algo(order: Partial<NewAlgoOrder> = {}): ReturnType<typeof this.engine.execute<'placeAlgo'>> {
    this.#order += 1;
    return this.engine.execute({ kind: 'placeAlgo', accountId: ME, order: { ...ALGO, clientAlgoId: `a${this.#order}`, ...order } });
  }

  position(symbol = 'AAAUSDT'): string {
    return this.engine.positions(ME, symbol).map((one) => `${one.quantity}@${one.entryPrice}`).join(' ');
  }

  wallet(): string {
    return this.engine.account(ME).walletBalance;
  }

  income(): string[] {
    return this.engine.income({ accountId: ME, limit: 1_000 }).map((one) => `${one.type} ${one.amount}`);
  }
}

export function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`refused: ${outcome.rejection.code} ${outcome.rejection.message}`);
  return outcome.value;
}

export function codeOf(outcome: Outcome<unknown>): number | 'accepted' {
  return outcome.ok ? 'accepted' : outcome.rejection.code;
}

/** Events in one line each. */
export function told(events: readonly AccountEvent[]): string[] {
  return events.map((event) => {
    if (event.kind === 'orderUpdate') return `${event.executionType} ${event.order.status}${event.fill === null ? '' : ` ${event.fill.quantity}@${event.fill.price}`}`;
    if (event.kind === 'algoUpdate') return `algo ${event.algo.status}`;
    return event.kind === 'accountUpdate' ? `account ${event.reason}` : event.kind;
  });
}
