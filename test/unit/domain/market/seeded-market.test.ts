import { describe, expect, it } from 'vitest';
import type { CandleSource } from '../../../../domain/market/candle-source.ts';
import { DEFAULT_ASSETS } from '../../../../domain/market/seeded/assets.ts';
import { prngOf, uniform } from '../../../../domain/market/seeded/prng.ts';
import { seededMarket } from '../../../../domain/market/seeded/seeded-market.ts';
import type { Timeframe } from '../../../../domain/market/timeframe.ts';
import { timeframeMs } from '../../../../domain/market/timeframe.ts';

const START = 1_699_920_000_000;
const BTC = 'BTC-USDT-PERP';
const ETH = 'ETH-USDT-PERP';
const market = (seed = 'one', timeframe: Timeframe = '1h'): CandleSource => seededMarket({ seed, timeframe, startTime: START });

function returnsOf(source: CandleSource, id: string, count: number): number[] {
  const closes = Array.from({ length: count + 1 }, (_one, i) => source.candleAt(id, i)?.close ?? Number.NaN);
  return closes.slice(1).map((close, i) => Math.log(close / (closes[i] ?? Number.NaN)));
}
const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
const moment = (values: readonly number[], power: number): number => {
  const middle = mean(values);
  return mean(values.map((one) => (one - middle) ** power));
};
function correlation(a: readonly number[], b: readonly number[]): number {
  const [middleA, middleB] = [mean(a), mean(b)];
  return mean(a.map((one, i) => (one - middleA) * ((b[i] ?? 0) - middleB))) / Math.sqrt(moment(a, 2) * moment(b, 2));
}
const autocorrelation = (values: readonly number[], lag: number): number => correlation(values.slice(lag), values.slice(0, -lag));

describe('the generator of random numbers', () => {
  it('is uniform, and the same for the same seed alone', () => {
    const [a, b, other] = [prngOf('x'), prngOf('x'), prngOf('y')];
    const drawn = Array.from({ length: 20_000 }, () => uniform(a));
    expect(drawn.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => uniform(b)));
    expect(drawn[0]).not.toBe(uniform(other));
    expect(mean(drawn)).toBeCloseTo(0.5, 2);
    expect(moment(drawn, 2)).toBeCloseTo(1 / 12, 2);
    expect(Math.abs(autocorrelation(drawn, 1))).toBeLessThan(0.03);
  });
});

describe('the seeded market', () => {
  it('is the same for the same seed, whatever was asked for before', () => {
    const [forward, jumping] = [market(), market()];
    const late = jumping.candleAt(BTC, 2_200); // the first rows are not kept any more
    expect(jumping.candleAt(BTC, 3)).toEqual(forward.candleAt(BTC, 3));
    expect(forward.candleAt(BTC, 2_200)).toEqual(late);
    expect(jumping.candleAt(ETH, 1_100)).toEqual(market().candleAt(ETH, 1_100));
    expect(market('two').candleAt(BTC, 3)).not.toEqual(forward.candleAt(BTC, 3));
  });

  it('gives well-formed candles on their ticks and steps', () => {
    const source = market();
    for (const asset of DEFAULT_ASSETS) {
      const id = `${asset.base}-USDT-PERP`;
      for (let i = 0; i < 300; i += 1) {
        const candle = source.candleAt(id, i);
        if (candle === undefined) throw new Error(`no candle ${i} of ${id}`);
        expect(candle.openTime).toBe(START + i * 3_600_000);
        expect(candle.high).toBeGreaterThanOrEqual(Math.max(candle.open, candle.close));
        expect(candle.low).toBeLessThanOrEqual(Math.min(candle.open, candle.close));
        expect(candle.volume).toBeGreaterThan(0);
        expect(Math.abs(candle.markBasis)).toBeLessThan(0.001);
        const decimals = asset.tickSize.split('.')[1]?.length ?? 0;
        for (const price of [candle.open, candle.high, candle.low, candle.close]) expect(Number(price.toFixed(decimals))).toBe(price);
      }
    }
  });

  it('gives history before an index, oldest first, as much as there is', () => {
    const source = market();
    const history = source.history(BTC, 500, 200);
    expect([history.length, history[0]?.openTime, history.at(-1)]).toEqual([200, START + 300 * 3_600_000, source.candleAt(BTC, 499)]);
    expect(source.history(BTC, 3, 200)).toHaveLength(3);
  });

  it('has the stylised facts of returns: no memory of sign, fat tails, clusters, a common factor', () => {
    const source = market('facts');
    const count = 6_000;
    const [btc, eth, doge] = [BTC, ETH, 'DOGE-USDT-PERP'].map((id) => returnsOf(source, id, count));
    if (btc === undefined || eth === undefined || doge === undefined) throw new Error('no returns');
    for (const returns of [btc, eth, doge]) {
      const sizes = returns.map(Math.abs);
      expect(Math.abs(autocorrelation(returns, 1))).toBeLessThan(0.06);
      expect(moment(returns, 4) / moment(returns, 2) ** 2).toBeGreaterThan(5);
      expect(autocorrelation(sizes, 1)).toBeGreaterThan(0.1);
      expect(autocorrelation(sizes, 24)).toBeGreaterThan(0.02);
    }
    expect(correlation(btc, eth)).toBeGreaterThan(0.6);
    expect(correlation(btc, doge)).toBeGreaterThan(0.4);
    expect(Math.sqrt(moment(doge, 2))).toBeGreaterThan(1.3 * Math.sqrt(moment(btc, 2)));
    expect(Math.sqrt(moment(btc, 2))).toBeGreaterThan(0.003);
    expect(Math.sqrt(moment(btc, 2))).toBeLessThan(0.01);
  });

  it.each(['1m', '15m', '1d'] as const)('scales with the timeframe: %s', (timeframe) => {
    const hours = timeframeMs(timeframe) / 3_600_000;
    const deviation = Math.sqrt(moment(returnsOf(market('scale', timeframe), BTC, 1_500), 2));
    expect(deviation / (0.0047 * Math.sqrt(hours))).toBeGreaterThan(0.5);
    expect(deviation / (0.0047 * Math.sqrt(hours))).toBeLessThan(2.5);
  });

  it('funds every eight hours, around 0.01 %', () => {
    const source = market();
    const times = Array.from({ length: 400 }, (_one, i) => START + i * 3_600_000);
    const rates = times.flatMap((time) => source.fundingRateAt(BTC, time) ?? []);
    expect(rates).toHaveLength(50);
    expect(mean(rates.map(Number))).toBeCloseTo(0.0001, 4);
    expect(source.nextFunding(BTC, START + 1).rate).toBe(source.fundingRateAt(BTC, START + 8 * 3_600_000));
    expect(rates).toEqual(times.flatMap((time) => market().fundingRateAt(BTC, time) ?? []));
  });

  it('is shocked from an index on, one symbol alone', () => {
    const [calm, shocked] = [market(), market()];
    shocked.shock(BTC, 10, 0.8);
    shocked.shock(BTC, 12, 0.5);
    const ratio = (i: number): number => (shocked.candleAt(BTC, i)?.close ?? 0) / (calm.candleAt(BTC, i)?.close ?? 1);
    expect([9, 10, 11, 12, 400].map((i) => Number(ratio(i).toFixed(4)))).toEqual([1, 0.8, 0.8, 0.4, 0.4]);
    expect(shocked.candleAt(ETH, 50)).toEqual(calm.candleAt(ETH, 50));
    expect(shocked.shocks()).toHaveLength(2);
    expect(() => shocked.shock(BTC, 1, 0)).toThrow(RangeError);
  });
});
