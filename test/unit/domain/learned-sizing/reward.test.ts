import { describe, expect, it } from 'vitest';
import { cycleIdOf } from '../../../../domain/cycle/ids.ts';
import { planCycle } from '../../../../domain/cycle/plan-cycle.ts';
import type { Observation } from '../../../../domain/cycle/types.ts';
import { PRICED } from '../../../../domain/learned-sizing/multipliers.ts';
import type { TradeFacts } from '../../../../domain/learned-sizing/reward.ts';
import { longestHoldMs, pricedCycleOf, rewardOf } from '../../../../domain/learned-sizing/reward.ts';
import type { SizingFacts } from '../../../../domain/learned-sizing/sight.ts';
import { sizingSightOf } from '../../../../domain/learned-sizing/sight.ts';
import type { Candle } from '../../../../domain/market/candle.ts';
import { CALM_RETURNS, CLOSE_TIME, HOUR_MS, INSTRUMENT, LIQUID, observationWith, PLAIN, symbolWith, vote } from '../cycle/plan.fixture.ts';

const FACTS: SizingFacts = { modelId: null, boundBps: null, notCompared: null, closedTrades: 0, isAcknowledged: false, winRate: null, profit7d: 0 };
/** Equity 10,000; the notional cap is far, so that sizes differ. */
const FREE = { ...PLAIN, notionalMax: '1000000' };

/** From 100 in one direction: each candle moves so much. */
function candlesOf(steps: readonly number[]): Candle[] {
  let price = 100;
  return steps.map((step, index) => {
    const open = price;
    price += step;
    return { openTime: CLOSE_TIME + index * HOUR_MS, open, high: Math.max(open, price), low: Math.min(open, price), close: price, volume: 1 };
  });
}

/** Long 10 at about 100, stop 3 below, target 6 above; one basis point of spread, fees 5 a side, no funding, a book of a million within ten. */
const OPEN = { ...(planCycle({ cycleId: 'x', observation: observationWith() }).opens[0] ?? expect.fail('it opens')) };
const TRADE: TradeFacts = { symbol: symbolWith(), conditions: { ...LIQUID, funding: null }, equity: 10_000, policy: PLAIN, candles: candlesOf([6, 0]), lengthMs: HOUR_MS };
const SHARE = 0.1; // 1,000 of 10,000
const RISK = (3 / 2) * ((SHARE * 300) ** 2 / 10_000);

describe('reward of a size', () => {
  it('is what the target brings, after fees, spread and impact, less the price of its risk', () => {
    // 600 of the price, less 10 of fees, 1 of spread and 0.01 of impact (1,000 × 10 ÷ 1,000,000); 10 % of equity; 30 bps at the stop cost 0.135.
    expect(rewardOf(OPEN, TRADE)).toBeCloseTo(SHARE * (600 - 11.01) - RISK, 6);
    expect(RISK).toBeCloseTo(0.135, 9);
  });

  it('is what the stop costs, and a tenth of the loss on top', () => {
    expect(rewardOf(OPEN, { ...TRADE, candles: candlesOf([-5, 0]) })).toBeCloseTo(SHARE * (-300 - 11.01) - 0.1 * SHARE * 300 - RISK, 6);
  });

  it('is what the longest hold brings, less a tenth of how far it was under water', () => {
    expect(rewardOf(OPEN, { ...TRADE, candles: candlesOf([-2, 3]) })).toBeCloseTo(SHARE * (100 - 11.01) - 0.1 * SHARE * 200 - RISK, 6);
  });

  it('pays funding at each of its times until the exit, a long at a positive rate', () => {
    const funding = { rateBps: 4, nextAt: CLOSE_TIME + HOUR_MS, intervalHours: 4 };
    const paid = rewardOf(OPEN, { ...TRADE, candles: candlesOf(Array.from({ length: 6 }, () => 0)), conditions: { ...LIQUID, funding } });
    // Six hours from 14:00: at 15:00 and 19:00, each half of the rate per 8 h.
    expect(paid).toBeCloseTo(SHARE * (-11.01 - 4) - RISK, 6);
    expect(rewardOf(OPEN, { ...TRADE, conditions: { ...LIQUID, funding: { ...funding, nextAt: CLOSE_TIME } } })).toBeCloseTo(SHARE * (600 - 11.01) - RISK, 6); // the one at its entry is not its own
  });

  it('takes the least depth that may be traded on where nobody told', () => {
    expect(rewardOf(OPEN, { ...TRADE, conditions: { ...LIQUID, funding: null, depth: null } })).toBeCloseTo(SHARE * (600 - 11.05) - RISK, 6); // 1,000 × 10 ÷ 200,000
  });

  it('is nothing where nothing is opened', () => {
    expect(rewardOf(null, TRADE)).toBe(0);
  });
});

describe('a recorded signal', () => {
  const hold = 36;
  const rising = candlesOf(Array.from({ length: hold }, () => 0.5));
  const pricedCycle = (observation: Observation, candles: readonly Candle[] = rising) => pricedCycleOf({ cycleId: cycleIdOf(observation.candle), observation, candles: new Map([[INSTRUMENT.id, candles]]) }, sizingSightOf('shadow', observation, FACTS, null).symbols);
  const priced = (...given: Parameters<typeof pricedCycle>) => pricedCycle(...given).signals;
  const rewardsBy = (observation: Observation) => new Map(PRICED.map((multiplier, index) => [multiplier, priced(observation)[0]?.rewards[index]]));

  it('is priced at every multiplier, by planning its cycle again', () => {
    const [signal] = priced(observationWith({ account: { policy: FREE } }));
    expect(signal).toMatchObject({ instrumentId: INSTRUMENT.id, decidedAt: CLOSE_TIME, knownAt: CLOSE_TIME + hold * HOUR_MS, state: { direction: 'long', regime: 'trendUp', confidence: 0.7, exposure: 0 } });
    expect(signal?.rewards).toHaveLength(PRICED.length);
    expect(signal?.rewards[0]).toBe(0);
    expect([...(signal?.rewards ?? [])].sort((a, b) => a - b)).toEqual(signal?.rewards); // it won: more brings more
  });

  it('brings no more where a cap binds: 1,000 of notional is less than × 0.3', () => {
    const rewards = rewardsBy(observationWith());
    expect(rewards.get(0.4)).toBe(rewards.get(1.8));
    expect(rewards.get(0.2)).toBeLessThan(rewards.get(0.4) ?? NaN);
  });

  it('brings nothing at a size below the least that the venue takes', () => {
    const equity = { equity: '60', walletBalance: '60', availableMargin: '60' };
    const rewards = rewardsBy(observationWith({ account: { ...equity, policy: FREE } }));
    expect(rewards.get(0.2)).toBe(0);
    expect(rewards.get(0.3)).toBeGreaterThan(0); // 60 × 1.5 % × 0.811 ÷ 3 × 100 = 24.3 of notional: × 0.2 is below 5, × 0.3 is not
  });

  it('is none where it is refused at neutral size, or candles are missing', () => {
    expect(pricedCycle(observationWith({ account: { fence: { epoch: 3, halted: true } } }))).toEqual({ signals: [], unpriced: [] });
    for (const candles of [rising.slice(1), rising.slice(0, -1), rising.filter((_, index) => index !== 5)]) expect(pricedCycle(observationWith(), candles)).toEqual({ signals: [], unpriced: [INSTRUMENT.id] });
  });

  it('is priced alone: the others of its cycle stay at neutral size', () => {
    const other = { ...INSTRUMENT, id: 'ETH-USDT-PERP' };
    const risk = { conditions: { [INSTRUMENT.id]: LIQUID, [other.id]: LIQUID }, returns: { [INSTRUMENT.id]: CALM_RETURNS, [other.id]: [] } };
    const both = observationWith({ risk, symbols: [symbolWith(), symbolWith({ instrument: other, votes: [vote('buy', 0.9)] })], account: { policy: FREE } });
    expect(priced(both).map((it) => it.instrumentId)).toEqual([INSTRUMENT.id]); // of the other there are no candles
    expect(priced(both)[0]?.rewards.at(-1)).toBe(priced(observationWith({ account: { policy: FREE } }))[0]?.rewards.at(-1));
  });

  it('is known when the longest hold of its policy is over', () => {
    expect(longestHoldMs(PLAIN, HOUR_MS)).toBe(72 * HOUR_MS);
    expect(longestHoldMs({ ...PLAIN, trendingMaxHoldHours: 1, lowVolMaxHoldHours: 1 }, 24 * HOUR_MS)).toBe(48 * HOUR_MS); // 36 h are two days
  });
});
