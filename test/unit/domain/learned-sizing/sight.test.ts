import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cycleIdOf } from '../../../../domain/cycle/ids.ts';
import { planCycle } from '../../../../domain/cycle/plan-cycle.ts';
import type { OpenPlan } from '../../../../domain/cycle/types.ts';
import { d } from '../../../../domain/decimal.ts';
import { ACTIONS, HIGH_VOLATILITY } from '../../../../domain/learned-sizing/multipliers.ts';
import type { SizingFacts, SizingSight } from '../../../../domain/learned-sizing/sight.ts';
import { learnedFactorOf, missingForPrimary, sizingSightOf } from '../../../../domain/learned-sizing/sight.ts';
import { notionalCapOf } from '../../../../domain/sizing/size.ts';
import { INSTRUMENT, LIQUID, observationWith, PLAIN, positionWith, riskWith, symbolWith, vote } from '../cycle/plan.fixture.ts';

const READY: SizingFacts = { modelId: 'm', boundBps: 0.4, notCompared: null, closedTrades: 300, isAcknowledged: true, winRate: 0.55, profit7d: 70 };
const sightWith = (acts: SizingSight['acts'], multiplier: number): SizingSight => ({ ...sizingSightOf(acts, observationWith(), READY, null), acts, symbols: Object.fromEntries(Object.entries(sizingSightOf(acts, observationWith(), READY, null).symbols).map(([id, it]) => [id, { ...it, multiplier }])) });

const FREE = { ...PLAIN, notionalMax: '1000000' };
function planAt(sizing: SizingSight | undefined, changes: Parameters<typeof observationWith>[0] = { account: { policy: FREE } }) {
  const observation = { ...observationWith(changes), ...(sizing === undefined ? {} : { sizing }) };
  return planCycle({ cycleId: cycleIdOf(observation.candle), observation });
}
const quantityAt = (sizing: SizingSight | undefined) => planAt(sizing).opens[0]?.entry.quantity;

describe('what a cycle sees', () => {
  it('is the state of each symbol whose votes want a position', () => {
    const observation = observationWith({ account: { equity: '10100', positions: [positionWith({ instrumentId: 'ETH-USDT-PERP', quantity: '10' })] }, symbols: [symbolWith(), symbolWith({ instrument: { ...INSTRUMENT, id: 'XRP-USDT-PERP' }, votes: [vote('hold')] })] });
    const sight = sizingSightOf('shadow', observation, READY, null);
    // 10 ETH at their entry of 100; 70 closed and 100 open within seven days.
    expect(sight).toEqual({
      mode: 'shadow', acts: 'shadow', missing: null, modelId: 'm',
      symbols: { [INSTRUMENT.id]: { multiplier: 1, gainBps: null, boundBps: null, state: { direction: 'long', regime: 'trendUp', volatility: { percentile: 50, isHigh: false }, confidence: 0.7, exposure: 0.09901, winRate: 0.55, slopeBps: 24.045262 } } },
    });
  });

  it('takes three tenths in high volatility without knowledge: ATR of 3 % of the price, or unknown', () => {
    const at = (atr14: number | null) => sizingSightOf('shadow', observationWith({ symbols: [symbolWith({ features: { atr14, rsi14: 55 } })] }), READY, null).symbols[INSTRUMENT.id]?.multiplier;
    expect([at(2.9), at(3), at(null)]).toEqual([1, 0.3, 0.3]);
  });

  it.each<[string, Partial<SizingFacts>, RegExp | null]>([
    ['all there', {}, null],
    ['no model', { modelId: null }, /no model/],
    ['too few trades', { closedTrades: 299 }, /299 of 300/],
    ['a bound of zero', { boundBps: 0 }, /not above 0/],
    ['no comparison', { boundBps: null }, /not known/],
    ['not compared', { boundBps: null, notCompared: '2 of 10 blocks' }, /not compared with neutral: 2 of 10 blocks/],
    ['nobody said so', { isAcknowledged: false }, /acknowledge/],
  ])('primary: %s', (_name, changes, missing) => {
    const facts = { ...READY, ...changes };
    const sight = sizingSightOf('primary', observationWith(), facts, null);
    expect(missingForPrimary(facts) ?? 'nothing').toMatch(missing ?? /^nothing$/);
    expect(sight.acts).toBe(missing === null ? 'primary' : 'advise');
    expect(sizingSightOf('advise', observationWith(), facts, null)).toMatchObject({ acts: 'advise', missing: null });
  });
});

describe('what of it holds', () => {
  it.each<[SizingSight['acts'], number, number | null]>([
    ['shadow', 0.4, null], ['shadow', 1.8, null], ['advise', 0.4, 0.4], ['advise', 1.8, 1], ['primary', 0.4, 0.4], ['primary', 1.8, 1.8],
  ])('%s of × %s is %s', (acts, multiplier, expected) => {
    expect(learnedFactorOf(sightWith(acts, multiplier), INSTRUMENT.id)).toBe(expected);
  });

  it('is nothing of a symbol that it says nothing of, and without any', () => {
    expect(learnedFactorOf(sightWith('primary', 0.4), 'ETH-USDT-PERP')).toBeNull();
    expect(learnedFactorOf(undefined, INSTRUMENT.id)).toBeNull();
  });

  it('enters the size as one more factor, and the record says so', () => {
    const neutral = d(quantityAt(undefined) ?? '0');
    expect(quantityAt(sightWith('primary', 0.4))).toBe(neutral.times('0.4').toDecimalPlaces(3, 1).toFixed());
    expect(quantityAt(sightWith('shadow', 0.4))).toBe(neutral.toFixed());
    expect(planAt(sightWith('primary', 0.4)).decisions[0]?.steps.at(-1)?.value).toContain('learned 0.4');
    expect(planAt(sightWith('shadow', 0.4)).decisions[0]?.steps.at(-1)?.value).toContain('learned sizing would say × 0.4');
    expect(planAt(undefined).decisions[0]?.steps.at(-1)?.value).not.toContain('learned');
  });

  it('as advice opens nothing that would be refused without it: 41 % of equity as margin where 30 % may be used', () => {
    const tight = { account: { policy: { ...FREE, marginUseMaxBps: 3_000 } } };
    expect(planAt(undefined, tight).decisions[0]?.reason).toBe('marginUse');
    expect(planAt(sightWith('advise', 0.4), tight).decisions[0]?.reason).toBe('marginUse');
    expect(planAt(sightWith('primary', 0.4), tight).opens).toHaveLength(1);
  });

  it('opens nothing at zero, and says why', () => {
    const plan = planAt(sightWith('advise', 0));
    expect(plan.opens).toEqual([]);
    expect(plan.decisions[0]).toMatchObject({ outcome: 'refused', reason: 'learnedZero' });
  });
});

describe('at any multiplier', () => {
  const changes = fc.record({
    confidence: fc.double({ min: 0.5, max: 1, noNaN: true }), equity: fc.integer({ min: 200, max: 1_000_000 }), notionalMax: fc.constantFrom('50', '1000', '1000000'), riskPerTradeBps: fc.integer({ min: 1, max: 300 }), atr: fc.double({ min: 0.2, max: 5, noNaN: true }),
  });
  const multiplier = fc.constantFrom(...ACTIONS, HIGH_VOLATILITY);

  function openAt(sizing: SizingSight | undefined, { confidence, equity, notionalMax, riskPerTradeBps, atr }: Record<'confidence' | 'equity' | 'riskPerTradeBps' | 'atr', number> & { notionalMax: string }) {
    const policy = { ...PLAIN, notionalMax, riskPerTradeBps };
    const money = String(equity);
    const account = { policy, equity: money, walletBalance: money, availableMargin: money };
    return { open: planAt(sizing, { account, risk: riskWith({ conditions: { [INSTRUMENT.id]: { ...LIQUID, funding: null } } }), symbols: [symbolWith({ votes: [vote('buy', confidence)], features: { atr14: atr, rsi14: 55, adx14: 30 } })] }).opens[0], policy, equity: d(equity) };
  }
  const quantityOf = (open: OpenPlan | undefined) => d(open?.entry.quantity ?? 0);

  it('no cap is exceeded', () => {
    fc.assert(fc.property(changes, multiplier, (given, times) => {
      const { open, policy, equity } = openAt(sightWith('primary', times), given);
      if (open === undefined) return;
      expect(d(open.entry.quantity).times(open.entry.decisionPrice).lte(notionalCapOf(equity, policy))).toBe(true);
      expect(d(open.entry.quantity).times(open.riskPerUnit).lte(equity.times(policy.riskPerTradeBps).div(10_000))).toBe(true);
      expect(d(open.entry.quantity).times(open.entry.decisionPrice).lte(equity.times(d(policy.symbolExposureMax)))).toBe(true);
    }));
  });

  it('advice never enlarges, and what only watches changes nothing', () => {
    fc.assert(fc.property(changes, multiplier, (given, times) => {
      const neutral = quantityOf(openAt(undefined, given).open);
      expect(quantityOf(openAt(sightWith('advise', times), given).open).lte(neutral)).toBe(true);
      expect(quantityOf(openAt(sightWith('shadow', times), given).open).eq(neutral)).toBe(true);
    }));
  });
});
