import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cycleIdOf } from '../../../../domain/cycle/ids.ts';
import { planCycle } from '../../../../domain/cycle/plan-cycle.ts';
import type { AccountObservation, CyclePlan, Observation, OpenPlan, PositionView } from '../../../../domain/cycle/types.ts';
import { d } from '../../../../domain/decimal.ts';
import { ACTIONS, HIGH_VOLATILITY } from '../../../../domain/learned-sizing/multipliers.ts';
import type { SizingFacts, SizingSight } from '../../../../domain/learned-sizing/sight.ts';
import { learnedFactorOf, missingForPrimary, sizingSightOf } from '../../../../domain/learned-sizing/sight.ts';
import type { Policy } from '../../../../domain/policy/policy.ts';
import { notionalCapOf } from '../../../../domain/sizing/size.ts';
import { CALM_RETURNS, CLOSE_TIME, INSTRUMENT, LIQUID, observationWith, PLAIN, positionWith, riskWith, symbolWith, vote } from '../cycle/plan.fixture.ts';

const READY: SizingFacts = { modelId: 'm', boundBps: 0.4, notCompared: null, closedTrades: 300, isAcknowledged: true, winRate: 0.55, profit7d: 70 };
const sightWith = (acts: SizingSight['acts'], multiplier: number): SizingSight => ({ ...sizingSightOf(acts, observationWith(), READY, null), acts, symbols: Object.fromEntries(Object.entries(sizingSightOf(acts, observationWith(), READY, null).symbols).map(([id, it]) => [id, { ...it, multiplier }])) });

const FREE = { ...PLAIN, notionalMax: '1000000' };
/** Margin binds nothing. */
const ROOMY = { ...FREE, marginUseMaxBps: 10_000 };
function planAt(sizing: SizingSight | undefined, changes: Parameters<typeof observationWith>[0] = { account: { policy: FREE } }) {
  const observation = { ...observationWith(changes), ...(sizing === undefined ? {} : { sizing }) };
  return planCycle({ cycleId: cycleIdOf(observation.candle), observation });
}
const quantityAt = (sizing: SizingSight | undefined) => planAt(sizing).opens[0]?.entry.quantity;

/** Symbols that all want a long, each with its confidence; their returns have nothing in common. */
function marketOf(wants: readonly (readonly [string, number])[], account: Partial<AccountObservation>): Observation {
  return observationWith({
    account, risk: { conditions: Object.fromEntries(wants.map(([id]) => [id, LIQUID])), returns: Object.fromEntries(wants.map(([id], place) => [id, CALM_RETURNS.map((_, index) => ((index >> place) % 2 === 0 ? 10 : -10))])) },
    symbols: wants.map(([id, confidence]) => symbolWith({ instrument: { ...INSTRUMENT, id }, votes: [vote('buy', confidence, 'one'), vote('buy', confidence, 'two')] })),
  });
}

const planOf = (observation: Observation): CyclePlan => planCycle({ cycleId: cycleIdOf(observation.candle), observation });
const quantitiesOf = ({ opens }: CyclePlan): Readonly<Record<string, string>> => Object.fromEntries(opens.map((it) => [it.instrument.id, it.entry.quantity]));

/** The same, with advice of so much for each symbol; neutral for the others. */
function advising(observation: Observation, times: Readonly<Record<string, number>>): Observation {
  const sight = sizingSightOf('advise', observation, READY, null);
  return { ...observation, sizing: { ...sight, symbols: Object.fromEntries(Object.entries(sight.symbols).map(([id, it]) => [id, { ...it, multiplier: times[id] ?? 1 }])) } };
}

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

  it('as advice does not shrink a hedge until the book breaks its limit: what is left passes the guard as well', () => {
    const held = [['ETH-USDT-PERP', '70'], ['XRP-USDT-PERP', '20'], ['SOL-USDT-PERP', '20']].map(([instrumentId, quantity]) => positionWith({ positionId: String(instrumentId), instrumentId: String(instrumentId), quantity: String(quantity) }));
    const lopsided = { account: { policy: FREE, positions: held } };
    const reasonAt = (acts: SizingSight['acts'], times: number) => planAt(sightWith(acts, times), lopsided).decisions.find((it) => it.instrumentId === INSTRUMENT.id);
    expect(planAt(undefined, lopsided).opens[0]?.entry.quantity).toBe('40.555');
    for (const acts of ['primary', 'advise'] as const) {
      expect(reasonAt(acts, 0.2)).toMatchObject({ outcome: 'refused', reason: 'concentration' });
      expect(reasonAt(acts, 0.2)?.steps.at(-1)).toMatchObject({ step: 'guard', value: '0.413', limit: '≤ 0.4 from position 4 on' }); // 7,000, 2,000, 2,000 and 811
      expect(planAt(sightWith(acts, 0.6), lopsided).opens[0]?.entry.quantity).toBe('24.333');
    }
  });

  it('opens nothing at zero, and says why', () => {
    const plan = planAt(sightWith('advise', 0));
    expect(plan.opens).toEqual([]);
    expect(plan.decisions[0]).toMatchObject({ outcome: 'refused', reason: 'learnedZero' });
  });
});

describe('advice on one of several symbols', () => {
  const ETH = 'ETH-USDT-PERP';
  const both = (policy: Partial<Policy>, positions: readonly PositionView[] = []) => marketOf([[INSTRUMENT.id, 0.9], [ETH, 0.7]], { policy: { ...ROOMY, ...policy }, positions });
  const plansAt = (observation: Observation, times: Readonly<Record<string, number>>) => ({ off: planOf(observation), advised: planOf(advising(observation, times)) });

  it('leaves the room that it does not use: the others are as without it', () => {
    const { off, advised } = plansAt(both({ grossExposureMax: 0.7 }), { [INSTRUMENT.id]: 0.2 });
    expect(quantitiesOf(off)).toEqual({ [INSTRUMENT.id]: '50', [ETH]: '20' });
    expect(quantitiesOf(advised)).toEqual({ [INSTRUMENT.id]: '11.222', [ETH]: '20' });
  });

  it.each([0, 0.2])('gives its slot to nobody: × %s', (times) => {
    const { off, advised } = plansAt(both({ positionsMax: 1 }), { [INSTRUMENT.id]: times });
    expect(Object.keys(quantitiesOf(off))).toEqual([INSTRUMENT.id]);
    expect(Object.keys(quantitiesOf(advised))).toEqual(times === 0 ? [] : [INSTRUMENT.id]);
    expect(advised.decisions.find((it) => it.instrumentId === ETH)).toEqual(off.decisions.find((it) => it.instrumentId === ETH));
  });

  it.each([0, 0.2])('changes no rotation: × %s', (times) => {
    const weak = positionWith({ positionId: 'weak', instrumentId: 'XRP-USDT-PERP', score: 0.1 });
    const { off, advised } = plansAt(marketOf([[INSTRUMENT.id, 0.9], [ETH, 0.7], ['XRP-USDT-PERP', 0.5]], { policy: { ...FREE, positionsMax: 1 }, positions: [weak] }), { [INSTRUMENT.id]: times });
    expect(off.instructions).toMatchObject([{ kind: 'close', positionId: 'weak', reason: 'rotation' }]);
    expect(advised.instructions).toEqual(off.instructions);
    expect(Object.keys(quantitiesOf(advised))).toEqual(times === 0 ? [] : [INSTRUMENT.id]);
  });

  it('remembers what was opened, not what was dropped', () => {
    const { memory } = plansAt(both({}), { [INSTRUMENT.id]: 0 }).advised;
    expect(memory.sides).toEqual(['buy']);
    expect([memory.symbols[INSTRUMENT.id]?.lastEntryAt, memory.symbols[ETH]?.lastEntryAt]).toEqual([null, CLOSE_TIME]);
  });

  it('another symbol passes the guard in the book that advice leaves as well', () => {
    // Of 20 XRP, 50 ETH and 40 BTC, BTC is 37 %; of 20, 11 and 40 it is 57 %.
    const held = positionWith({ positionId: 'held', instrumentId: 'XRP-USDT-PERP', quantity: '20' });
    const observation = marketOf([[ETH, 0.9], [INSTRUMENT.id, 0.7]], { policy: { ...ROOMY, symbolShareMax: 0.45, hhiMax: 1, groupShareMax: 1, concentrationFrom: 3 }, positions: [held] });
    const { off, advised } = plansAt(observation, { [ETH]: 0.2 });
    expect(Object.keys(quantitiesOf(off))).toEqual([ETH, INSTRUMENT.id]);
    expect(Object.keys(quantitiesOf(advised))).toEqual([ETH]);
    expect(advised.decisions.find((it) => it.instrumentId === INSTRUMENT.id)).toMatchObject({ outcome: 'refused', reason: 'symbolShare' });
  });

  it('only ever reduces: no symbol is larger than without it, nothing else is opened, the same is closed', () => {
    const IDS = [INSTRUMENT.id, ETH, 'XRP-USDT-PERP', 'SOL-USDT-PERP'];
    const given = fc.record({
      confidences: fc.array(fc.double({ min: 0.5, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), times: fc.array(fc.constantFrom(...ACTIONS), { minLength: 4, maxLength: 4 }), held: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 4, maxLength: 4 }),
      grossExposureMax: fc.constantFrom(0.7, 1.5, 3), positionsMax: fc.integer({ min: 1, max: 4 }), hhiMax: fc.constantFrom(0.3, 0.4, 1), marginUseMaxBps: fc.constantFrom(3_000, 10_000),
    });
    const seen = { reduced: 0, rotated: 0, dropped: 0 };
    fc.assert(fc.property(given, ({ confidences, times, held, ...policy }) => {
      const positions = IDS.flatMap((instrumentId, index) => ((held[index] ?? 0) > 40 ? [positionWith({ positionId: instrumentId, instrumentId, quantity: String(held[index]), score: (held[index] ?? 0) / 100 })] : []));
      const observation = marketOf(IDS.map((id, index) => [id, confidences[index] ?? 0.5]), { policy: { ...ROOMY, ...policy }, positions });
      const { off, advised } = plansAt(observation, Object.fromEntries(IDS.map((id, index) => [id, times[index] ?? 1])));
      const [most, least] = [quantitiesOf(off), quantitiesOf(advised)];
      for (const [id, quantity] of Object.entries(least)) expect(d(quantity).lte(most[id] ?? 0)).toBe(true);
      expect(advised.instructions).toEqual(off.instructions);
      seen.reduced += Number(Object.keys(least).some((id) => least[id] !== most[id]));
      seen.dropped += Number(Object.keys(least).length < Object.keys(most).length);
      seen.rotated += Number(off.instructions.some((it) => it.kind === 'close' && it.reason === 'rotation'));
    }), { numRuns: 200 });
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
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
