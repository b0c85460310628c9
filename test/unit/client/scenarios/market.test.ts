import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candleFileOf, drawMarket } from '../../../../client/scenarios/market.ts';
import type { ScenarioMarket } from '../../../../client/scenarios/market.ts';
import { computeFeatures } from '../../../../domain/features/features.ts';
import type { Candle } from '../../../../domain/market/candle.ts';
import { POLICY_RULES, PRESETS } from '../../../../domain/policy/policy.ts';
import { volatilityOf } from '../../../../domain/regime/volatility.ts';
import { correlationOf } from '../../../../domain/risk/correlation.ts';
import { returnSeriesOf } from '../../../../domain/risk/returns.ts';

const MARKET: ScenarioMarket = { seed: 'a', symbols: ['BTC', 'ETH', 'SOL'], atrPct: 2, percentile: 50, history: 760, candles: 4 };

/** What is known at the close of the first candle that is traded. */
function known(market: ScenarioMarket, base: string): readonly Candle[] {
  const candles = drawMarket(market).find((it) => it.base === base)?.candles ?? [];
  return candles.slice(0, market.history + 1);
}

function correlation(market: ScenarioMarket, a: string, b: string): number {
  const closeTime = (known(market, a).at(-1)?.openTime ?? 0) + 3_600_000;
  const [x, y] = [a, b].map((base) => returnSeriesOf(known(market, base), { timeframe: '1h', closeTime }));
  return correlationOf(x, y, POLICY_RULES.correlationReturnsMin.value) ?? NaN;
}

describe('drawn candles', () => {
  it.each([
    ['BTC', 2, 50, 'normal'],
    ['SOL', 2, 50, 'normal'],
    ['BTC', 4, 90, 'high'],
    ['DOGE', 4, 90, 'high'],
    ['ADA', 4, 10, 'low'],
  ])('%s at %d %% and percentile %d', (base, atrPct, percentile, volatility) => {
    const candles = known({ ...MARKET, symbols: [base], atrPct, percentile }, base);
    expect(computeFeatures(candles).atrPct).toBeCloseTo(atrPct, 3);
    const reading = volatilityOf(candles, '1h', PRESETS.normal);
    expect(reading.class).toBe(volatility);
    expect(Math.abs((reading.percentile ?? NaN) - percentile)).toBeLessThan(4);
  });

  it('move together where that is asked for, and apart elsewhere', () => {
    const market = { ...MARKET, together: { symbols: ['BTC', 'ETH'], correlation: 0.92 } };
    expect(correlation(market, 'BTC', 'ETH')).toBeGreaterThan(0.85);
    expect(Math.abs(correlation(market, 'BTC', 'SOL'))).toBeLessThan(0.25);
    expect(Math.abs(correlation(MARKET, 'BTC', 'ETH'))).toBeLessThan(0.25);
  });

  it('are candles, whatever is asked for: each opens where the last one closed, and its range holds both', () => {
    const markets = fc.record({ seed: fc.string(), atrPct: fc.double({ min: 0.5, max: 6, noNaN: true }), percentile: fc.integer({ min: 5, max: 95 }), trendAtr: fc.double({ min: 0, max: 0.3, noNaN: true }) });
    fc.assert(fc.property(markets, (asked) => {
      const market = { ...MARKET, ...asked, symbols: ['XRP'], history: 330 };
      const [series] = drawMarket(market);
      const candles = series?.candles ?? [];
      expect(candles).toHaveLength(334);
      const isWhole = ({ open, high, low, close, volume, openTime }: Candle, at: number): boolean =>
        open === (candles[at - 1]?.close ?? open) && low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close) && volume > 0 && openTime - (candles[0]?.openTime ?? 0) === at * 3_600_000;
      expect(candles.filter((candle, at) => !isWhole(candle, at))).toEqual([]);
      expect(computeFeatures(candles.slice(0, 331)).atrPct).toBeCloseTo(asked.atrPct, 2);
      expect(drawMarket(market)).toEqual([series]);
    }), { numRuns: 10 });
  });

  it('become a file with prices to the digit, and an unknown symbol is refused', () => {
    const [series] = drawMarket({ ...MARKET, symbols: ['ADA'] });
    if (series === undefined) throw new Error('one symbol, one series');
    const { name, text } = candleFileOf(series);
    expect(name).toBe('ADA-USDT-PERP.1h.csv');
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(765);
    expect(lines[1]).toMatch(/^\d+,0\.\d{6},0\.\d{6},0\.\d{6},0\.\d{6},\d+(\.\d+)?$/);
    expect(() => drawMarket({ ...MARKET, symbols: ['SHELLS'] })).toThrow('no price of SHELLS');
  });
});
