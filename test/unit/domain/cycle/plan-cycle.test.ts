import { describe, expect, it } from 'vitest';
import { cycleIdOf } from '../../../../domain/cycle/ids.ts';
import { NO_TRADES } from '../../../../domain/cycle/risk-facts.ts';
import { planCycle } from '../../../../domain/cycle/plan-cycle.ts';
import type { Observation, PositionView, SymbolObservation } from '../../../../domain/cycle/types.ts';
import type { Policy } from '../../../../domain/policy/policy.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import { CALM_RETURNS, CLOSE_TIME, HOUR_MS, INSTRUMENT, LIQUID, NO_OVERLAY, observationWith, PLAIN, positionWith, regimeWith, riskWith, symbolWith, vote } from './plan.fixture.ts';

const planOf = (changes: Parameters<typeof observationWith>[0] = {}) => {
  const observation = observationWith(changes);
  return planCycle({ cycleId: cycleIdOf(observation.candle), observation });
};
/** Nothing but the orders of a minute binds. */
const WIDE: Partial<Policy> = { correlationMax: 1, batchBuyShareMax: 1, sideShareMax: 1, groupShareMax: 1, hhiMax: 1, symbolShareMax: 1, grossExposureMax: 100, var95MaxBps: 10_000, var99MaxBps: 10_000, shortfallMaxBps: 10_000 };
const candleClosingAt = (close: number): Partial<SymbolObservation> => ({ candle: { ...symbolWith().candle, close, high: Math.max(101, close), low: Math.min(98, close) } });

describe('opening', () => {
  it('sizes by risk over stop distance, with stop and target at the policy\'s multiples of ATR', () => {
    const [open] = planOf().opens;
    // Equity 10,000 at 150 bps risks 150; the stop is 1.5 × ATR 2 = 3 away; confidence 0.7 weighs 0.811: 40.5 units, capped by 1,000 notional.
    expect(open).toMatchObject({ direction: 'long', stopPrice: '97', targetPrice: '106', riskPerUnit: '3', decidedAt: CLOSE_TIME, repricesMax: 0 });
    expect(open?.entry).toMatchObject({ side: 'buy', quantity: '10', type: 'market', decisionPrice: '100', epoch: 3, validUntil: 35_000, reduceOnly: false, positionSide: 'both' });
  });

  it('is never too old to be sent where the market waits, as in a replay', () => {
    expect(planOf({ account: { doesMarketWait: true } }).opens[0]).toMatchObject({ entryValidForMs: null, entry: { validUntil: null } });
  });

  it('is the same for the same observation, whatever the order of its fields', () => {
    const observation = observationWith();
    const cycleId = cycleIdOf(observation.candle);
    expect(planCycle({ cycleId, observation: JSON.parse(JSON.stringify(observation)) as typeof observation })).toEqual(planCycle({ cycleId, observation }));
  });

  it('near a funding time by the clock of the look opens nothing, though the candle closed long before it', () => {
    const observation = observationWith({ risk: { conditions: { [INSTRUMENT.id]: { ...LIQUID, funding: { rateBps: 1, nextAt: CLOSE_TIME + 8.5 * HOUR_MS, intervalHours: 8 } } } } });
    const reasonAt = (marketTime: number): string | undefined => planCycle({ cycleId: cycleIdOf(observation.candle), observation: { ...observation, marketTime } }).decisions[0]?.reason;
    expect([reasonAt(CLOSE_TIME + 45 * 60_000), reasonAt(CLOSE_TIME + 55 * 60_000)]).toEqual(['fundingWindow', 'buy']);
  });

  it('works a limit entry passively, within its time limit', () => {
    const [open] = planOf({ account: { policy: { ...PLAIN, entryStyle: 'limit' } } }).opens;
    expect(open?.entry).toMatchObject({ type: 'limit', price: '100', workUntilMarketTime: CLOSE_TIME + 20_000 });
    expect(open?.repricesMax).toBe(2);
  });

  it('names the position side where the policy wants hedge mode, however the account stands', () => {
    expect(planOf({ account: { policy: { ...PLAIN, positionMode: 'hedge', marginMode: 'isolated' } } }).opens[0]).toMatchObject({ entry: { positionSide: 'long' }, marginMode: 'isolated' });
  });

  it('gives the last place to the candidate with more confidence', () => {
    const other = { ...INSTRUMENT, id: 'AAA-USDT-PERP' };
    const risk = { conditions: Object.fromEntries([other.id, INSTRUMENT.id].map((id) => [id, LIQUID])), returns: { [other.id]: [], [INSTRUMENT.id]: CALM_RETURNS } };
    const plan = planOf({ risk, symbols: [symbolWith({ instrument: other }), symbolWith({ votes: [vote('buy', 0.9)] })], account: { policy: { ...PLAIN, positionsMax: 1 } } });
    expect(plan.opens.map((it) => it.instrument.id)).toEqual([INSTRUMENT.id]);
    expect(plan.decisions.map((it) => [it.instrumentId, it.reason])).toEqual([[other.id, 'positionsMax'], [INSTRUMENT.id, 'buy']]);
  });

  it.each<[string, Parameters<typeof observationWith>[0], string]>([
    ['fence halted', { account: { fence: { epoch: 3, halted: true } } }, 'fenceHalted'],
    ['too late', { late: true }, 'candleLate'],
    ['stale candles', { symbols: [symbolWith({ quality: { score: 0, tradable: false, issues: [] }, votes: [] })] }, 'dataStale'],
    ['an order of unknown fate', { account: { unsettledInstruments: [INSTRUMENT.id] } }, 'unsettledOrder'],
    ['a foreign position', { account: { foreignInstruments: [INSTRUMENT.id] } }, 'foreignPosition'],
    ['no margin', { account: { availableMargin: '0' } }, 'marginUse'],
    ['votes against each other', { symbols: [symbolWith({ votes: [vote('buy'), vote('sell')] })] }, 'tie'],
    ['two of three', { symbols: [symbolWith({ votes: [vote('buy'), vote('buy'), vote('hold')] })] }, 'agreement'],
    ['little confidence', { symbols: [symbolWith({ votes: [vote('buy', 0.4)] })] }, 'confidence'],
    ['nobody speaks', { symbols: [symbolWith({ votes: [vote('abstain')] })] }, 'noVotes'],
    ['no ATR', { symbols: [symbolWith({ features: { atr14: null } })] }, 'noStopDistance'],
    ['overbought', { symbols: [symbolWith({ features: { atr14: 2, rsi14: 81 } })] }, 'rsiHigh'],
    ['nobody told the volume', { risk: { conditions: {} } }, 'volume'],
    ['a policy that forbids', { account: { policy: { ...PLAIN, allowNewTrades: false } } }, 'policyForbids'],
    ['a daily loss that nobody knows', { risk: { losses: { dailyLossBps: null, drawdownBps: null, recoveryDrawdownBps: null } } }, 'dailyLoss'],
    ['an emergency', { account: { overlay: { ...NO_OVERLAY, emergencyMode: true } } }, 'policyForbids'],
    ['eight losses in a row, the last an hour ago', { risk: { trades: { ...NO_TRADES, lossesInARow: 8, lastLossAt: CLOSE_TIME - HOUR_MS } } }, 'losingStreak'],
    ['a negative edge', { risk: { trades: { ...NO_TRADES, bySymbol: { [INSTRUMENT.id]: { trades: 20, wins: 5, lossesInARow: 0, averageWinR: 1, averageLossR: 1 } } } } }, 'negativeEdge'],
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
  it.each<[string, Partial<SymbolObservation>, Parameters<typeof positionWith>[0], object | readonly object[] | null]>([
    ['keeps a quiet position', hold, {}, null],
    ['closes on the opposite signal', { votes: [vote('sell')] }, {}, { kind: 'close', reason: 'signal' }],
    ['keeps it when the signal is its own', { votes: [vote('buy')] }, {}, null],
    ['closes at the maximum hold', hold, { openedAt: CLOSE_TIME - 36 * HOUR_MS }, { kind: 'close', reason: 'age' }],
    ['not one hour before, if it won', { ...hold, ...candleClosingAt(101.4) }, { openedAt: CLOSE_TIME - 35 * HOUR_MS, stopPrice: '100.4' }, null],
    ['tightens both when it is old and flat', hold, { openedAt: CLOSE_TIME - 19 * HOUR_MS }, [{ kind: 'moveStop', stopPrice: '98.5', reason: 'age' }, { kind: 'moveTarget', targetPrice: '103', reason: 'age' }]],
    ['not at half of its time', hold, { openedAt: CLOSE_TIME - 18 * HOUR_MS }, null],
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
    expect(plan.instructions).toMatchObject(expected === null ? [] : Array.isArray(expected) ? expected : [expected]);
    expect(plan.decisions[0]?.outcome).toBe('manage');
  });

  // The next funding is due before the next candle closes; the position stands at +5 bps.
  it.each<[string, number, number, string | null]>([
    ['closes a long that pays more than the policy bears', 10.1, 60, 'funding'],
    ['not at what it bears', 10, 60, null],
    ['not while the funding is farther than a candle', 10.1, 61, null],
    ['not when it is paid', -10.1, 60, null],
  ])('%s', (_name, rateBps, minutes, reason) => {
    const conditions = { [INSTRUMENT.id]: { ...LIQUID, funding: { rateBps, nextAt: CLOSE_TIME + minutes * 60_000, intervalHours: 8 } } };
    const plan = planOf({ symbols: [symbolWith({ ...hold, ...candleClosingAt(100.05) })], risk: { conditions }, account: { positions: [positionWith()] } });
    expect(plan.instructions.map((it) => it.reason)).toEqual(reason === null ? [] : [reason]);
  });
  it('keeps what earns more than the funding', () => {
    const conditions = { [INSTRUMENT.id]: { ...LIQUID, funding: { rateBps: 11, nextAt: CLOSE_TIME + 60_000, intervalHours: 8 } } };
    expect(planOf({ symbols: [symbolWith({ ...hold, ...candleClosingAt(100.2) })], risk: { conditions }, account: { positions: [positionWith()] } }).instructions).toEqual([]);
  });
  it('a ladder\'s rest goes on beyond the target', () => {
    const ladder = { firstAtShare: 0.6, firstShare: 0.5, targetShare: 0.3 };
    const plan = planOf({ symbols: [symbolWith({ ...hold, ...candleClosingAt(108) })], account: { positions: [positionWith({ ladder, quantity: '0.2', stopPrice: '100.2' })] } });
    expect(plan.instructions).toMatchObject([{ kind: 'moveStop', stopPrice: '104', reason: 'trail' }]);
  });

  it('is never blocked by a limit', () => {
    const plan = planOf({ symbols: [symbolWith({ votes: [vote('sell')] })], late: true, account: { positions: [positionWith()], fence: { epoch: 4, halted: true }, availableMargin: '0', unsettledInstruments: [INSTRUMENT.id] } });
    expect(plan.instructions).toMatchObject([{ kind: 'close', reason: 'signal' }]);
  });
});

describe('the chain', () => {
  it('stores every step up to the one that ended it, with value and limit', () => {
    const [open] = planOf().decisions;
    expect(open?.steps.map((it) => [it.step, it.verdict])).toEqual([['data', 'passed'], ['signal', 'passed'], ['veto', 'passed'], ['venue', 'passed'], ['guard', 'passed'], ['governor', 'passed'], ['size', 'passed']]);
    expect(open?.steps.at(-1)?.value).toMatch(/^10 by notional \(policy 1, signal 1, spike 1, governor 1, volatility 1, confidence 0\.8\d*, symbol 1\), leverage 1$/);
    const [refused] = planOf({ risk: { conditions: { [INSTRUMENT.id]: { ...LIQUID, spreadBps: 3.1 } } } }).decisions;
    expect(refused?.steps.map((it) => it.step)).toEqual(['data', 'signal', 'veto', 'venue']);
    expect(refused?.steps.at(-1)).toEqual({ step: 'venue', verdict: 'refused', code: 'spread', value: '3.1', limit: '≤ 3 bps' });
  });

  it('holds, and says why, where the venue would not take so little', () => {
    expect(planOf({ account: { equity: '3', availableMargin: '3' } }).decisions[0]).toMatchObject({ outcome: 'hold', reason: 'belowMinNotional' });
  });

  it('lets the weakest buys of a large batch drop out', () => {
    const names = ['A', 'B', 'C', 'D', 'E', 'F'].map((it) => `${it}-USDT-PERP`);
    const symbols = names.map((id, index) => symbolWith({ instrument: { ...INSTRUMENT, id }, votes: [vote('buy', 0.6 + index / 100), vote('buy', 0.6 + index / 100)] }));
    const risk = { conditions: Object.fromEntries(names.map((id) => [id, LIQUID])), returns: Object.fromEntries(names.map((id) => [id, CALM_RETURNS])) };
    expect(planOf({ symbols, risk }).decisions.filter((it) => it.reason === 'batchBuys').map((it) => it.instrumentId)).toEqual(names.slice(0, 4));
  });

  it('halves in a spike of volatility, and says so', () => {
    const usual = symbolWith({ regime: regimeWith({ volatility: { class: 'normal', percentile: 50, toMedian: 2 } }) });
    const plan = planOf({ symbols: [usual], account: { policy: { ...PLAIN, notionalMax: '1000000', riskPerTradeBps: 30 } } });
    expect(plan.decisions[0]?.steps.find((it) => it.step === 'guard')?.value).toBe('halved by a spike of volatility: 2.00 × usual');
    expect(plan.decisions[0]?.steps.at(-1)?.value).toContain('spike 0.5');
  });

  it('by a posture, with its owner', () => {
    const overlay = { ...NO_OVERLAY, sizeFactor: 0.6, owners: { ...NO_OVERLAY.owners, sizeFactor: 'posture' as const } };
    expect(planOf({ account: { overlay } }).decisions[0]?.steps.find((it) => it.step === 'governor')?.value).toBe('× 0.6 by posture: × 0.6');
  });

  it('by the governor, with its owner', () => {
    const risk = { losses: { dailyLossBps: 384.6, drawdownBps: 384.6, recoveryDrawdownBps: 384.6 } };
    expect(planOf({ risk }).decisions[0]?.steps.find((it) => it.step === 'governor')?.value).toBe('× 0.85 by dailyLoss: 384.6 bps');
  });
});

describe('the orders of a minute', () => {
  const LADDER: Policy = { ...PLAIN, tp1CloseShare: PRESETS.normal.tp1CloseShare, positionsMax: 100, ...WIDE };
  const symbols = Array.from({ length: 17 }, (_, index) => symbolWith({ instrument: { ...INSTRUMENT, id: `S${String(index).padStart(2, '0')}-USDT-PERP` } }));
  const conditions = Object.fromEntries(symbols.map((it) => [it.instrument.id, LIQUID]));
  const returns = Object.fromEntries(symbols.map((it) => [it.instrument.id, CALM_RETURNS]));
  /** How many open, and what the first one beyond is told. */
  const opened = (ordersSent: number | undefined, { policy = LADDER, positions = [] }: { policy?: Policy; positions?: readonly PositionView[] } = {}): readonly [number, string | null, string | null] => {
    const { opens, decisions } = planOf({ symbols, risk: { conditions, returns, ...(ordersSent === undefined ? {} : { ordersSent }) }, account: { equity: '1000000', availableMargin: '1000000', policy, positions } });
    const refusal = decisions.flatMap((it) => it.steps).find((it) => it.code === 'orderRate');
    return [opens.length, refusal?.value ?? null, refusal?.limit ?? null];
  };
  const held = (changes: Partial<PositionView>): PositionView => positionWith({ instrumentId: 'S00-USDT-PERP', openedAt: CLOSE_TIME - HOUR_MS, ...changes });
  const { ladder } = planOf({ account: { policy: LADDER } }).opens[0] ?? { ladder: null };

  it.each<[string, Parameters<typeof opened>, ReturnType<typeof opened>]>([
    ['fifteen openings: entry, stop and two rungs each', [0], [15, '60 and 4 of its own', '≤ 60 a minute']],
    ['of one target for all: twenty would fit', [0, { policy: { ...LADDER, tp1CloseShare: 0 } }], [17, null, null]],
    ['what was sent counts', [4], [14, '60 and 4 of its own', '≤ 60 a minute']],
    ['one more than fits', [5], [13, '57 and 4 of its own', '≤ 60 a minute']],
    ['at the limit nothing opens', [60], [0, '60 and 4 of its own', '≤ 60 a minute']],
    ['a position that closes by this plan sends one', [1, { positions: [held({ openedAt: CLOSE_TIME - 100 * HOUR_MS })] }], [14, '58 and 4 of its own', '≤ 60 a minute']],
    ['one that goes on sends none', [1, { positions: [held({})] }], [14, '57 and 4 of its own', '≤ 60 a minute']],
    ['an opening of this minute has its stop and rungs to come', [1, { positions: [held({ state: 'opening', quantity: '0', entryQuantity: '0', ladder, openedAt: CLOSE_TIME - 60_000 })] }], [14, '60 and 4 of its own', '≤ 60 a minute']],
    ['one that holds a part has its stop', [2, { positions: [held({ state: 'opening', ladder, openedAt: CLOSE_TIME - 60_000 })] }], [14, '60 and 4 of its own', '≤ 60 a minute']],
    ['an older one counts by what it sends', [1, { positions: [held({ state: 'opening', quantity: '0', entryQuantity: '0', ladder })] }], [14, '57 and 4 of its own', '≤ 60 a minute']],
    ['a cycle from before they were counted is planned as it was', [undefined, { policy: { ...LADDER, ordersPerMinuteMax: 16 } }], [16, '16', '< 16 a minute']],
  ])('%s', (_name, args, expected) => expect(opened(...args)).toEqual(expected));

  it('what closes goes out at any count', () => {
    const { instructions } = planOf({ risk: { ordersSent: 1_000 }, symbols: [symbolWith(candleClosingAt(96))], account: { positions: [positionWith()] } });
    expect(instructions).toMatchObject([{ kind: 'close', reason: 'stop' }]);
  });
});

describe('rotation', () => {
  const other = { ...INSTRUMENT, id: 'AAA-USDT-PERP' };
  const full = (candidateConfidence: number, changes: Partial<Parameters<typeof positionWith>[0]> = {}) => planOf({
    symbols: [symbolWith({ instrument: other, votes: [vote('hold')] }), symbolWith({ votes: [vote('buy', candidateConfidence), vote('buy', candidateConfidence)] })],
    risk: { conditions: { [other.id]: LIQUID, [INSTRUMENT.id]: LIQUID }, returns: { [other.id]: CALM_RETURNS.map((it) => -it), [INSTRUMENT.id]: CALM_RETURNS } },
    account: { policy: { ...PLAIN, positionsMax: 1 }, positions: [positionWith({ positionId: 'weak', instrumentId: other.id, score: 0.6, ...changes })] },
  });

  it('a candidate that scores 15 % better takes the place of the weakest', () => {
    const plan = full(0.69);
    expect(plan.instructions).toMatchObject([{ kind: 'close', positionId: 'weak', reason: 'rotation', decisionPrice: '100' }]);
    expect(plan.opens.map((it) => it.instrument.id)).toEqual([INSTRUMENT.id]);
    expect(plan.decisions.find((it) => it.instrumentId === other.id)).toMatchObject({ outcome: 'manage', reason: 'rotation' });
  });
  it.each<[string, number, Parameters<typeof full>[1]]>([
    ['not one that scores less than that', 0.689, {}],
    ['not one that closes already', 0.9, { state: 'closing' }],
    ['not one that this plan closes', 0.9, { openedAt: 0 }],
  ])('%s', (_name, confidence, changes) => {
    const plan = full(confidence, changes);
    expect(plan.opens).toEqual([]);
    expect(plan.decisions.find((it) => it.instrumentId === INSTRUMENT.id)?.reason).toBe('positionsMax');
    expect(plan.instructions.filter((it) => it.reason === 'rotation')).toEqual([]);
  });
  it('never while the rest of the guard refuses', () => {
    const plan = planOf({ account: { policy: { ...PLAIN, positionsMax: 0 } } });
    expect(plan.decisions[0]?.reason).toBe('positionsMax');
  });
});

describe('what a cycle remembers', () => {
  it('the regime, the entry and the side that was acted on', () => {
    const { memory } = planOf({ symbols: [symbolWith({ regime: regimeWith({ seen: ['range', 'trendUp'], since: 7 }) })] });
    expect(memory.sides).toEqual(['buy']);
    expect(memory.symbols[INSTRUMENT.id]).toEqual({ regime: 'trendUp', since: 7, seen: ['range', 'trendUp'], lastEntryAt: CLOSE_TIME, disabled: null, enabledAt: null });
  });
  it('what it remembered before, of candles that cannot be trusted', () => {
    const before = planOf().memory;
    const { memory } = planOf({ symbols: [symbolWith({ quality: { score: 0, tradable: false, issues: [] }, votes: [], regime: regimeWith({ regime: 'choppy', seen: [] }) })], risk: { memory: before } });
    expect(memory).toEqual(before);
  });

  const lost = { ...NO_TRADES, bySymbol: { [INSTRUMENT.id]: { trades: 10, wins: 0, lossesInARow: 10, averageWinR: 0, averageLossR: 1 } } };
  const withMemory = (memory: ReturnType<typeof planOf>['memory'], close: number, changes: Parameters<typeof observationWith>[0] = {}) =>
    planOf({ symbols: [symbolWith({ candle: { ...symbolWith().candle, close, high: close, low: close - 1 } })], risk: { memory, trades: lost }, ...changes });
  it('a symbol after ten losses: it trades on paper, and after three wins in a row again', () => {
    const policy = { ...PLAIN, kellyTradesMin: 1_000, symbolTradesMin: 1_000 };
    const step = (memory: ReturnType<typeof planOf>['memory'], close: number) => withMemory(memory, close, { account: { policy } });
    let plan = planOf({ risk: { trades: lost }, account: { policy } });
    expect(plan.decisions[0]).toMatchObject({ outcome: 'refused', reason: 'symbolDisabled' });
    expect(plan.memory.symbols[INSTRUMENT.id]?.disabled).toMatchObject({ paperWins: 0, paper: { direction: 'long', stopPrice: 97, targetPrice: 106 } });
    for (const [close, paperWins] of [[106, 1], [112, 2], [108, 0], [114, 1], [120, 2]] as const) {
      plan = step(plan.memory, close);
      expect(plan.memory.symbols[INSTRUMENT.id]?.disabled).toMatchObject({ paperWins });
    }
    const last = planOf({ symbols: [symbolWith({ candle: { ...symbolWith().candle, close: 126, high: 126, low: 125 } })], risk: { memory: plan.memory }, account: { policy } });
    expect(last.memory.symbols[INSTRUMENT.id]).toMatchObject({ disabled: null, enabledAt: CLOSE_TIME });
    expect(last.opens).toHaveLength(1);
  });
});

describe('models', () => {
  const planWith = (models: Observation['models']) => planCycle({ cycleId: 'c', observation: { ...observationWith({ account: { policy: { ...PLAIN, riskPerTradeBps: 10 } } }), ...(models === undefined ? {} : { models }) } });
  const quantity = (models: Observation['models']): number => Number(planWith(models).opens[0]?.entry.quantity);
  const read = (state: 'used' | 'expired', role: 'champion' | 'onTrial' = 'champion') => [{ modelId: 'm', role, state, why: state === 'used' ? null : 'too old' }];

  it.each<[string, Observation['models'], number]>([
    ['from before there were any', undefined, 1],
    ['none, and never one', { hadChampion: false, read: [] }, 1],
    ['a first one on trial', { hadChampion: false, read: read('used', 'onTrial') }, 1],
    ['a champion that is used', { hadChampion: true, read: read('used') }, 1],
    ['a champion that expired', { hadChampion: true, read: read('expired') }, 0.5],
    ['none any more', { hadChampion: true, read: [] }, 0.5],
  ])('%s', (_name, models, factor) => expect(quantity(models) / quantity(undefined)).toBeCloseTo(factor, 2));
  it('why is told', () => expect(planWith({ hadChampion: true, read: read('expired') }).decisions[0]?.steps.find((it) => it.step === 'governor')?.value).toBe('× 0.5 by model: no usable model: too old'));
});
