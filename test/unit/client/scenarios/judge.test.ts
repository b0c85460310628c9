/** Every scenario can fail: facts that are right pass, and each planted wrong fact is found. */
import { describe, expect, it } from 'vitest';
import type { Check } from '../../../../client/scenarios/checks.ts';
import { are, is, within } from '../../../../client/scenarios/checks.ts';
import { judgeCorrelation } from '../../../../client/scenarios/correlation.ts';
import { judgeDisagreement } from '../../../../client/scenarios/disagreement.ts';
import type { Decision, Opened } from '../../../../client/scenarios/facts.ts';
import { sizeOf } from '../../../../client/scenarios/facts.ts';
import type { CrashSeen } from '../../../../client/scenarios/flash-crash.ts';
import { judgeCrash } from '../../../../client/scenarios/flash-crash.ts';
import { judgeVolatile } from '../../../../client/scenarios/high-volatility.ts';
import { judgeNormal } from '../../../../client/scenarios/normal-market.ts';
import { judgePolicyAway } from '../../../../client/scenarios/policy-away.ts';
import type { RecoverySeen } from '../../../../client/scenarios/recovery.ts';
import { judgeRecovery } from '../../../../client/scenarios/recovery.ts';
import { chosenOf } from '../../../../client/scenarios/run.ts';
import type { DecisionStep, Vote } from '../../../../domain/cycle/types.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';

const failed = (checks: readonly Check[]): readonly string[] => checks.filter((it) => !it.ok).map((it) => it.what);

const vote = (action: Vote['action'], confidence: number): Vote => ({ voter: 'a', version: '1', action, confidence, probabilities: null, because: '' });
const passed = (step: DecisionStep['step'], value: string | null = null): DecisionStep => ({ step, verdict: 'passed', code: null, value, limit: null });
const refused = (step: DecisionStep['step'], code: string, value: string, limit: string): DecisionStep => ({ step, verdict: 'refused', code, value, limit });

const FACTORS = { policy: 1, signal: 1, spike: 1, governor: 1, volatility: 0.5, confidence: 0.8, symbol: 1 };
const OPENED: Opened = { direction: 'long', notional: 900, leverage: 2, stopAtr: 1.6, stopPct: 3.2, exitRegime: 'normal', riskShare: 0.4, cappedBy: 'risk', factors: FACTORS };

function decision(symbol: string, differs: Partial<Decision> = {}): Decision {
  return {
    symbol, hour: 4, policyVersion: 1, policySource: 'store', policy: PRESETS.normal, outcome: 'open', reason: 'buy', confidence: 0.7,
    steps: [passed('data'), passed('signal', 'buy, agreement 0.7500 of 4, confidence 0.7000, × 1')], votes: [], atrPct: 2, opened: OPENED, ...differs,
  };
}

const refusedDecision = (symbol: string, step: DecisionStep, differs: Partial<Decision> = {}): Decision =>
  decision(symbol, { outcome: 'refused', reason: step.code ?? '', opened: null, steps: [step], ...differs });

describe('1, normal market', () => {
  const seen = { decisions: [decision('BTC'), decision('ETH')], held: ['BTC long', 'ETH long'], covered: ['BTC', 'ETH'] };
  it('passes', () => expect(failed(judgeNormal(seen))).toEqual([]));
  it.each([
    ['halved', { ...seen, decisions: [decision('BTC', { opened: { ...OPENED, factors: { ...FACTORS, spike: 0.5 } } }), decision('ETH')] }, ['BTC: factor of spike']],
    ['capped', { ...seen, decisions: [decision('BTC', { opened: { ...OPENED, cappedBy: 'notional' } }), decision('ETH')] }, ['BTC: size bound by']],
    ['no stop', { ...seen, covered: ['BTC'] }, ['covered by a working stop']],
    ['refused', { ...seen, decisions: [decision('BTC'), refusedDecision('ETH', refused('venue', 'spread', '4', '3'))] }, ['ETH: what became of it', 'ETH: size bound by', 'ETH: factor of signal', 'ETH: factor of spike', 'ETH: factor of governor', 'refusals']],
  ])('%s: fails', (_name, facts, what) => expect(failed(judgeNormal(facts))).toEqual(what));
});

describe('2, high volatility', () => {
  const high = { atrPct: 4, opened: { ...OPENED, exitRegime: 'highVol', stopAtr: 2.2 } };
  const half = { ...high.opened, riskShare: 0.2, factors: { ...FACTORS, signal: 0.5 } };
  const staged = [
    refusedDecision('BTC', refused('signal', 'confidence', 'buy, confidence 0.6000', '≥ 0.65'), { atrPct: 4 }),
    decision('ETH', { ...high, opened: half }),
    decision('SOL', high),
  ];
  const weak = [vote('buy', 0.7), vote('abstain', 0)];
  const signal = (said: string): readonly DecisionStep[] => [passed('signal', `buy, agreement 1.0000 of 1, confidence 0.7000, × ${said}`)];
  // One speaker at 0.70 in high volatility: half of half.
  const real = Array.from({ length: 120 }, (_, hour) => decision('ADA', { atrPct: 4, hour, votes: weak, steps: signal('0.25') }));
  const seen = { decisions: [...staged, ...real], held: ['ETH long', 'SOL long'] };
  it('passes', () => expect(failed(judgeVolatile(seen))).toEqual([]));
  it.each([
    ['a real signal not halved', [...staged, ...real.slice(1), decision('ADA', { atrPct: 4, votes: weak, steps: signal('1') })], ['that went against the rule']],
    ['a hold taken for a signal', [...staged, ...real.slice(1), decision('ADA', { atrPct: 4, votes: [vote('hold', 0.9)], steps: [refused('signal', 'hold', '', '')] })], ['that went against the rule']],
    ['a real signal below the limit', [...staged, ...real.slice(1), decision('ADA', { atrPct: 4, votes: [vote('buy', 0.64), vote('buy', 0.64)], steps: signal('0.5') })], ['that went against the rule']],
    ['few signals', staged, ['signals of the built-in voters on that market', 'whose ATR is high (3 % and more)', 'their shares', 'that asked for a trade']],
    ['the middle one whole', [staged[0] ?? decision('BTC'), decision('ETH', high), decision('SOL', high), ...real], ['its factor by little confidence', 'risk of ETH, with all other factors taken out']],
    ['a stop as in a normal market', [staged[0] ?? decision('BTC'), decision('ETH', { ...high, opened: { ...half, exitRegime: 'normal', stopAtr: 1.5 } }), decision('SOL', high), ...real], ['its exits are those of', 'its stop, before scaling 1.5 in a normal market']],
  ])('%s: fails', (_name, decisions, what) => expect(failed(judgeVolatile({ ...seen, decisions }))).toEqual(what));
});

describe('3, flash crash', () => {
  const seen: CrashSeen = {
    before: { positions: ['BTC long', 'ETH long', 'SOL long'], orders: ['BTC stopMarket', 'ETH stopMarket', 'SOL stopMarket'] }, after: { positions: [], orders: [] }, lossPct: 12,
    guard: { mode: 'emergency', cause: { trigger: 'dailyLoss', reason: 'daily loss 12 %', by: 'keel', severity: 'critical' }, trippedAt: 1_000, flatAt: 1_400, sealedAt: 3_000 },
    closed: ['BTC emergency', 'ETH emergency', 'SOL emergency'], alerts: 1,
    events: [{ type: 'emergencyTriggered', payload: { severity: 'critical' } }, { type: 'emergencyFlat', payload: {} }, { type: 'emergencySealed', payload: {} }],
  };
  it('passes', () => expect(failed(judgeCrash(seen))).toEqual([]));
  it.each<[string, Partial<CrashSeen>, readonly string[]]>([
    ['a position left', { after: { positions: ['BTC long'], orders: [] } }, ['held at the venue']],
    ['an order left', { after: { positions: [], orders: ['BTC stopMarket'] } }, ['orders at the venue']],
    ['another cause', { guard: { ...seen.guard, cause: { trigger: 'person', reason: '', by: 'ada', severity: 'high' } } }, ['its cause']],
    ['too slow', { guard: { ...seen.guard, flatAt: 9_000 } }, ['from trip to flat']],
    ['not told', { alerts: 0 }, ['times that people were alerted']],
    ['told twice', { alerts: 2 }, ['times that people were alerted']],
    ['no event', { events: [] }, ['events', 'severity of the first']],
    ['closed by a stop', { closed: ['BTC stop', 'ETH emergency', 'SOL emergency'] }, ['closed']],
    ['a small loss', { lossPct: 9.9 }, ['equity that the crash takes']],
  ])('%s: fails', (_name, differs, what) => expect(failed(judgeCrash({ ...seen, ...differs }))).toEqual(what));
});

describe('4, policy reads fail', () => {
  const away = { policyVersion: 0, policySource: 'builtIn', policy: PRESETS.defensive } as const;
  const notTaken = (hour: number): Decision => refusedDecision('SOL', refused('signal', 'confidence', '', ''), { ...away, hour });
  const eth = decision('ETH', { ...away, hour: 5, opened: { ...OPENED, notional: 480 } });
  const others = [decision('BTC', { policyVersion: 2 }), notTaken(5), notTaken(6), decision('SOL', { policyVersion: 2, hour: 7 })];
  const seen = { decisions: [...others, eth], held: ['BTC long', 'ETH long', 'SOL long'], warnings: 2, recoveries: 1 };
  it('passes', () => expect(failed(judgePolicyAway(seen))).toEqual([]));
  it.each([
    ['beyond the caps', { ...seen, decisions: [...others, { ...eth, opened: OPENED }] }, ['notional of ETH']],
    ['a cycle without a warning', { ...seen, warnings: 1 }, ['warnings, at least one each cycle without it']],
    ['no recovery', { ...seen, recoveries: 0 }, ['words that it is back']],
    ['trading stopped', { ...seen, decisions: others }, ['ETH, while reads fail', 'the policy then', 'its leverageMax', 'its riskPerTradeBps', 'its positionsMax', 'its confidenceMin', 'its notionalMax', 'notional of ETH', 'leverage of ETH']],
  ])('%s: fails', (_name, facts, what) => expect(failed(judgePolicyAway(facts))).toEqual(what));
});

describe('5, disagreement', () => {
  const votes = [vote('buy', 0.8), vote('buy', 0.8), vote('sell', 0.8), vote('hold', 0.8)];
  const split = refusedDecision('BTC', refused('signal', 'agreement', 'buy, agreement 0.5000 of 4', '≥ 0.75'), { votes });
  const seen = { decisions: [split, decision('ETH')], held: ['ETH long'] };
  it('passes', () => expect(failed(judgeDisagreement(seen))).toEqual([]));
  it.each([
    ['opened', { decisions: [decision('BTC', { votes }), decision('ETH')], held: ['BTC long', 'ETH long'] }, ['what became of it', 'reason', 'value and limit', 'held at the venue']],
    ['another reason', { ...seen, decisions: [refusedDecision('BTC', refused('signal', 'tie', 'hold, agreement 0.5000 of 4', '≥ 0.75'), { votes }), decision('ETH')] }, ['reason', 'value and limit']],
  ])('%s: fails', (_name, facts, what) => expect(failed(judgeDisagreement(facts))).toEqual(what));
});

describe('6, recovery', () => {
  const recovered = (from: string, to: string, drawdownBps: number) => ({ type: 'emergencyRecovered', payload: { from, to, drawdownBps } });
  const steps = [recovered('emergency', 'protective', 800), recovered('protective', 'cautious', 300), recovered('cautious', 'normal', 100)];
  const tripped = { type: 'emergencyTriggered', payload: {} };
  const seen: RecoverySeen = {
    modes: [['12 %', 'emergency'], ['a deposit of 400 at 12 %', 'emergency'], ['8 %', 'protective'], ['3 %', 'cautious'], ['1 %', 'armed']],
    guard: { cause: { trigger: 'dailyLoss', reason: '', by: 'keel', severity: 'critical' }, resetBy: null, emergency: 1 }, events: [tripped, ...steps],
  };
  it('passes', () => expect(failed(judgeRecovery(seen))).toEqual([]));
  it.each<[string, Partial<RecoverySeen>, readonly string[]]>([
    ['a step left out', { events: [tripped, recovered('emergency', 'protective', 800), recovered('protective', 'normal', 100)] }, ['recovery events']],
    ['a step told twice', { events: [tripped, ...steps, recovered('cautious', 'normal', 100)] }, ['recovery events']],
    ['tripped twice', { events: [tripped, tripped, ...steps] }, ['events that it tripped']],
    ['a deposit counted', { modes: seen.modes.map(([name, mode]) => [name, name.startsWith('a deposit') ? 'protective' : mode]) }, ['mode after a deposit of 400 at 12 %: transfers never count']],
    ['a person was needed', { guard: { ...seen.guard, resetBy: 'ada' } }, ['a person who had to resume it']],
  ])('%s: fails', (_name, differs, what) => expect(failed(judgeRecovery({ ...seen, ...differs }))).toEqual(what));
});

describe('7, correlation', () => {
  const follower = refusedDecision('ETH', refused('guard', 'correlation', '0.914 with BTC-USDT-PERP', '≤ 0.8'), { hour: 5 });
  const others = [decision('BTC'), decision('SOL', { hour: 5 }), decision('XRP', { hour: 5 })];
  const seen = { decisions: [...others, follower], held: ['BTC long', 'SOL long', 'XRP short'] };
  it('passes', () => expect(failed(judgeCorrelation(seen))).toEqual([]));
  it.each([
    ['opened all the same', [...others, decision('ETH', { hour: 5 })], ['ETH, a candle later, with it', 'the step that refused', 'reason', 'its correlation with an open position', 'with whom']],
    ['blocked below the limit', [...others, refusedDecision('ETH', refused('guard', 'correlation', '0.500 with BTC-USDT-PERP', '≤ 0.8'), { hour: 5 })], ['its correlation with BTC']],
    ['blocked by another guard', [...others, refusedDecision('ETH', refused('guard', 'group', '0.6', '≤ 0.5'), { hour: 5 })], ['reason', 'its correlation with an open position', 'with whom']],
  ])('%s: fails', (_name, decisions, what) => expect(failed(judgeCorrelation({ ...seen, decisions }))).toEqual(what));
});

describe('checks', () => {
  it.each([
    [is('a', 1, 1), '1', '1', true],
    [is('a', 'x', undefined), 'x', 'nothing', false],
    [are('a', [], []), 'none', 'none', true],
    [are('a', ['x', 'y'], ['y', 'x']), 'x, y', 'y, x', false],
    [within('a', { max: 5, unit: 's' }, 5), '≤ 5.00 s', '5.00 s', true],
    [within('a', { min: 1, max: 2 }, 2.001), '1.00 to 2.00', '2.00', false],
    [within('a', { min: 3, digits: 0 }, undefined), '≥ 3', 'nothing', false],
    [within('a', { min: 3, max: 3, digits: 0 }, NaN), '3', 'NaN', false],
  ])('%j', (check, expected, seen, ok) => expect(check).toEqual({ what: 'a', expected, seen, ok }));

  it('reads what a size was made of', () => {
    expect(sizeOf('0.125 by risk (policy 1, signal 0.5, spike 1), leverage 2')).toEqual({ cappedBy: 'risk', factors: { policy: 1, signal: 0.5, spike: 1 } });
    expect(sizeOf('')).toEqual({ cappedBy: 'not told', factors: {} });
  });

  it('a number chooses one scenario, all chooses seven, another is refused with the list', () => {
    expect(chosenOf('3').map((it) => it.id)).toEqual([3]);
    expect(chosenOf('all').map((it) => it.id)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(() => chosenOf('8')).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('flash crash') as string }));
  });
});
