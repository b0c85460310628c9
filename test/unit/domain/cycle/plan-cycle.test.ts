import { describe, expect, it } from 'vitest';
import { cycleIdOf } from '../../../../domain/cycle/ids.ts';
import { planCycle } from '../../../../domain/cycle/plan-cycle.ts';
import type { SymbolObservation } from '../../../../domain/cycle/types.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import { CLOSE_TIME, HOUR_MS, INSTRUMENT, observationWith, positionWith, symbolWith, vote } from './plan.fixture.ts';

const planOf = (changes: Parameters<typeof observationWith>[0] = {}) => {
  const observation = observationWith(changes);
  return planCycle({ cycleId: cycleIdOf(observation.candle), observation });
};
const candleClosingAt = (close: number): Partial<SymbolObservation> => ({ candle: { ...symbolWith().candle, close, high: Math.max(101, close), low: Math.min(98, close) } });

describe('opening', () => {
  it('sizes by risk over stop distance, with stop and target at the policy\'s multiples of ATR', () => {
    const [open] = planOf().opens;
    // Equity 10,000 at 150 bps risks 150; the stop is 1.5 × ATR 2 = 3 away; confidence 0.7 weighs 0.811: 40.5 units, capped by 1,000 notional.
    expect(open).toMatchObject({ direction: 'long', stopPrice: '97', targetPrice: '106', riskPerUnit: '3', decidedAt: CLOSE_TIME, repricesMax: 0 });
    expect(open?.entry).toMatchObject({ side: 'buy', quantity: '10', type: 'market', decisionPrice: '100', epoch: 3, validUntil: 35_000, reduceOnly: false, positionSide: 'both' });
  });

  it('is the same for the same observation, whatever the order of its fields', () => {
    const observation = observationWith();
    const cycleId = cycleIdOf(observation.candle);
    expect(planCycle({ cycleId, observation: JSON.parse(JSON.stringify(observation)) as typeof observation })).toEqual(planCycle({ cycleId, observation }));
  });

  it('works a limit entry passively, within its time limit', () => {
    const [open] = planOf({ account: { policy: { ...PRESETS.normal, entryStyle: 'limit' } } }).opens;
    expect(open?.entry).toMatchObject({ type: 'limit', price: '100', workUntilMarketTime: CLOSE_TIME + 20_000 });
    expect(open?.repricesMax).toBe(2);
  });

  it('names the position side in hedge mode', () => {
    expect(planOf({ account: { positionMode: 'hedge' } }).opens[0]?.entry.positionSide).toBe('long');
  });

  it('gives the last place to the candidate with more confidence', () => {
    const other = { ...INSTRUMENT, id: 'AAA-USDT-PERP' };
    const plan = planOf({ symbols: [symbolWith({ instrument: other }), symbolWith({ votes: [vote('buy', 0.9)] })], account: { policy: { ...PRESETS.normal, positionsMax: 1 } } });
    expect(plan.opens.map((it) => it.instrument.id)).toEqual([INSTRUMENT.id]);
    expect(plan.decisions.map((it) => [it.instrumentId, it.reason])).toEqual([[other.id, 'positionsMax'], [INSTRUMENT.id, 'buy']]);
  });

  it.each<[string, Parameters<typeof observationWith>[0], string]>([
    ['fence halted', { account: { fence: { epoch: 3, halted: true } } }, 'fenceHalted'],
    ['too late', { late: true }, 'candleLate'],
    ['stale candles', { symbols: [symbolWith({ quality: { score: 0, tradable: false, issues: [] }, votes: [] })] }, 'dataStale'],
    ['an order of unknown fate', { account: { unsettledInstruments: [INSTRUMENT.id] } }, 'unsettledOrder'],
    ['a foreign position', { account: { foreignInstruments: [INSTRUMENT.id] } }, 'foreignPosition'],
    ['no margin', { account: { availableMargin: '0' } }, 'marginUsed'],
    ['votes against each other', { symbols: [symbolWith({ votes: [vote('buy'), vote('sell')] })] }, 'tie'],
    ['two of three', { symbols: [symbolWith({ votes: [vote('buy'), vote('buy'), vote('hold')] })] }, 'agreement'],
    ['little confidence', { symbols: [symbolWith({ votes: [vote('buy', 0.4)] })] }, 'confidence'],
    ['nobody speaks', { symbols: [symbolWith({ votes: [vote('abstain')] })] }, 'noVotes'],
    ['no ATR', { symbols: [symbolWith({ features: { atr14: null } })] }, 'noStopDistance'],
    ['equity too small for the venue', { account: { equity: '1', availableMargin: '1' } }, 'belowMinNotional'],
  ])('refuses: %s', (_name, changes, code) => {
    const plan = planOf(changes);
    expect(plan.opens).toEqual([]);
    expect(plan.decisions[0]).toMatchObject({ outcome: 'refused', reason: code });
    expect(plan.decisions[0]?.steps.at(-1)).toMatchObject({ verdict: 'refused', code });
  });
});

describe('managing', () => {
  const hold = { votes: [vote('hold')] };
  const UNTRADABLE = { ...hold, quality: { score: 0, tradable: false, issues: [] } };
  it.each<[string, Partial<SymbolObservation>, Parameters<typeof positionWith>[0], object | null]>([
    ['keeps a quiet position', hold, {}, null],
    ['closes on the opposite signal', { votes: [vote('sell')] }, {}, { kind: 'close', reason: 'signal' }],
    ['keeps it when the signal is its own', { votes: [vote('buy')] }, {}, null],
    ['closes at the maximum hold', hold, { openedAt: CLOSE_TIME - 36 * HOUR_MS }, { kind: 'close', reason: 'age' }],
    ['not one hour before', hold, { openedAt: CLOSE_TIME - 35 * HOUR_MS }, null],
    ['closes when the stop evidently did not act', { ...hold, ...candleClosingAt(96.9) }, {}, { kind: 'close', reason: 'stop' }],
    ['closes when the target evidently did not act', { ...hold, ...candleClosingAt(106.1) }, {}, { kind: 'close', reason: 'target' }],
    ['moves the stop to breakeven from half an R on', { ...hold, ...candleClosingAt(101.5) }, {}, { kind: 'moveStop', stopPrice: '100.2' }],
    ['not below half an R', { ...hold, ...candleClosingAt(101.4) }, {}, null],
    ['a stop only tightens', { ...hold, ...candleClosingAt(101.5) }, { stopPrice: '100.2' }, null],
    ['a short moves the other way', { ...hold, ...candleClosingAt(98.5) }, { direction: 'short', stopPrice: '103', targetPrice: '94' }, { kind: 'moveStop', stopPrice: '99.8' }],
    ['bad prices close nothing', { ...UNTRADABLE, ...candleClosingAt(0) }, {}, null],
    ['bad prices do not keep it beyond its age', { ...UNTRADABLE, ...candleClosingAt(0) }, { openedAt: 0 }, { kind: 'close', reason: 'age', decisionPrice: '100' }],
    ['an opening position is left alone', { votes: [vote('sell')] }, { state: 'opening' }, null],
  ])('%s', (_name, symbol, position, expected) => {
    const plan = planOf({ symbols: [symbolWith(symbol)], account: { positions: [positionWith(position)] } });
    expect(plan.opens).toEqual([]);
    expect(plan.instructions).toEqual(expected === null ? [] : [expect.objectContaining(expected)]);
    expect(plan.decisions[0]?.outcome).toBe('manage');
  });

  it('is never blocked by a limit', () => {
    const plan = planOf({ symbols: [symbolWith({ votes: [vote('sell')] })], late: true, account: { positions: [positionWith()], fence: { epoch: 4, halted: true }, availableMargin: '0', unsettledInstruments: [INSTRUMENT.id] } });
    expect(plan.instructions).toMatchObject([{ kind: 'close', reason: 'signal' }]);
  });
});
