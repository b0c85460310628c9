import { describe, expect, it } from 'vitest';
import { isLowFirst } from '../../../../domain/matching/walk.ts';
import { Bench, HOUR, ME, START, bar, told, value } from './engine.fixture.ts';

describe('the path inside a candle', () => {
  it.each([
    ['net long', 1, { open: 100, high: 101, low: 50 }, 'low'],
    ['net short', -1, { open: 100, high: 150, low: 99 }, 'high'],
    ['flat, low nearer', 0, { open: 100, high: 110, low: 95 }, 'low'],
    ['flat, high nearer', 0, { open: 100, high: 105, low: 90 }, 'high'],
    ['flat, at a tie', 0, { open: 100, high: 105, low: 95 }, 'low'],
  ] as const)('%s: the %d', (_name, net, prices, first) => {
    expect(isLowFirst(net, prices)).toBe(first === 'low');
  });

  const pathOf = (bench: Bench): [number, string][] => {
    const points: [number, string][] = [];
    for (let result = bench.step(); result.reached !== 'end'; result = bench.step()) {
      if (result.reached === 'point') points.push([result.marketTime - START, bench.engine.quote('AAAUSDT').lastPrice]);
    }
    return points;
  };

  it('has four points at stated times', () => {
    const path = pathOf(new Bench().load(bar('AAAUSDT', [100, 105, 90, 95])));
    expect(path).toEqual([[0, '100.0'], [HOUR / 3, '105.0'], [(2 * HOUR) / 3, '90.0'], [HOUR - 1, '95.0']]);
  });

  it.each([
    ['long', 'BUY', ['90.0', '105.0', '95.0']],
    ['short', 'SELL', ['105.0', '90.0', '95.0']],
  ] as const)('goes against a %s position first, even one opened at the open', (_name, side, prices) => {
    const bench = new Bench().open(bar('AAAUSDT', [100, 105, 90, 95]));
    bench.place({ side });
    expect(pathOf(bench).map(([, price]) => price)).toEqual(prices);
  });

  it('stays as it was chosen when a position is opened on the way', () => {
    const bench = new Bench().open(bar('AAAUSDT', [100, 105, 90, 95]));
    bench.step(START + HOUR / 6);
    expect(bench.engine.quote('AAAUSDT').lastPrice).toBe('102.5');
    bench.place({ side: 'BUY' });
    expect(pathOf(bench).map(([, price]) => price)).toEqual(['105.0', '90.0', '95.0']);
  });

  it('takes the stop, not the target, when a candle holds both', () => {
    for (const [side, exit, stop, target] of [['BUY', 'SELL', '95', '104'], ['SELL', 'BUY', '104', '95']] as const) {
      const bench = new Bench().open(bar('AAAUSDT', [100, 105, 90, 100]));
      bench.place({ side });
      value(bench.algo({ side: exit, triggerPrice: stop }));
      bench.place({ side: exit, type: 'LIMIT', price: target, reduceOnly: true });
      const fills = bench.walk().flatMap((event) => (event.kind === 'orderUpdate' ? (event.fill?.price ?? []) : []));
      expect(fills.map((price) => Math.round(Number(price)))).toEqual([Number(stop)]);
    }
  });
});

describe('step', () => {
  it('stops at each event, where it happened, and what is sent then meets that price', () => {
    const bench = new Bench().open(bar('AAAUSDT', [100, 102, 90, 95]));
    bench.place({ type: 'LIMIT', price: '97' });
    bench.step();
    expect(bench.engine.quote('AAAUSDT').lastPrice).toBe('102.0');
    expect(told(bench.step().events)).toEqual(['account ORDER', 'TRADE FILLED 1.00@97.0']);
    expect(bench.engine.quote('AAAUSDT')).toMatchObject({ lastPrice: '96.9', askPrice: '97.0' });
    expect(bench.placed({ side: 'SELL', reduceOnly: true }).averagePrice).toBe('96.9');
  });

  it('keeps the symbols in step, whichever has the event', () => {
    const bench = new Bench().open(bar('AAAUSDT', [100, 100, 100, 100]), bar('BBBUSDT', [100, 130, 100, 100]));
    bench.step();
    value(bench.algo({ symbol: 'BBBUSDT', side: 'SELL', type: 'TAKE_PROFIT_MARKET', triggerPrice: '115', reduceOnly: false }));
    const result = bench.step();
    expect(result.marketTime).toBe(START + HOUR / 2);
  });

  it('goes no further than the time given, and says so', () => {
    const bench = new Bench().load(bar('AAAUSDT', [100, 105, 90, 95]));
    expect(bench.step(START - 1)).toMatchObject({ reached: 'limit', marketTime: START - 1 });
    expect(bench.step(START)).toMatchObject({ reached: 'point', marketTime: START });
    expect(bench.step(START + 1_000)).toMatchObject({ reached: 'limit', marketTime: START + 1_000 });
    expect(bench.step(START)).toMatchObject({ reached: 'limit', marketTime: START + 1_000 });
  });

  it('walked in small pieces gives the same fills as at once', () => {
    const run = (pieces: number): string[] => {
      const bench = new Bench().open(bar('AAAUSDT', [100, 105, 90, 95]));
      bench.place();
      value(bench.algo({ type: 'TRAILING_STOP_MARKET', triggerPrice: null, callbackRate: '3' }));
      bench.place({ type: 'LIMIT', price: '92' });
      const lines: string[] = [];
      for (let time = START; ; time += HOUR / pieces) {
        const result = bench.step(pieces === 1 ? null : time);
        lines.push(...told(result.events));
        if (result.reached === 'end') return lines;
        if (result.reached === 'event' || result.reached === 'point') time -= HOUR / pieces;
      }
    };
    expect(run(1)).toEqual(run(977));
  });

  it('refuses candles that are not the next ones', () => {
    const bench = new Bench().open();
    expect(() => bench.load()).toThrow(/not walked to its end/);
    bench.walk();
    expect(() => bench.engine.execute({ kind: 'loadBars', batch: { openTime: START - HOUR, lengthMs: HOUR, bars: [] } })).toThrow(/does not lie after/);
    expect(() => bench.load(bar('AAAUSDT', [100, 90, 95, 100]))).toThrow(/not a candle/);
    expect(() => bench.load(bar('CCCUSDT', [100, 100, 100, 100]))).toThrow(/unknown symbol/);
  });
});

describe('a shock', () => {
  it('is a jump of the price and of the rest of the candle', () => {
    const bench = new Bench().open(bar('AAAUSDT', [100, 105, 90, 95]));
    bench.place();
    value(bench.algo({ triggerPrice: '96' }));
    bench.engine.execute({ kind: 'shock', symbol: 'AAAUSDT', factor: 0.8 });
    const result = bench.step();
    expect(result.marketTime).toBe(START);
    expect(told(result.events).at(-2)).toBe('TRADE FILLED 1.00@80.0');
    bench.walk();
    expect(bench.engine.quote('AAAUSDT').lastPrice).toBe('76.0');
    expect(bench.engine.runningCandle('AAAUSDT')).toMatchObject({ open: '100.0', high: '100.0', low: '72.0', close: '76.0' });
  });

  it('event ids rise without a gap over all commands', () => {
    const bench = new Bench().open(bar('AAAUSDT', [100, 105, 90, 95]));
    const ids = [bench.place(), bench.place({ type: 'LIMIT', price: '95' })].flatMap((outcome) => outcome.events.map((event) => event.eventId));
    ids.push(...bench.walk().map((event) => event.eventId));
    expect(ids).toEqual(ids.map((_id, i) => i + 2)); // 1 was the opening transfer
    expect(bench.engine.lastEventId()).toBe(ids.at(-1));
    expect(bench.engine.accountIds()).toEqual([ME]);
  });
});
