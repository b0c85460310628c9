/** What one look over due predictions does with candles that are there, missing, never there, and a venue that is away. */
import { describe, expect, it } from 'vitest';
import { createEvaluationActivities } from '../../../activities/outcomes.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { Candle } from '../../../domain/market/candle.ts';
import type { Ledger, Mode } from '../../../domain/ports/ledger.ts';
import type { TrialStore } from '../../../domain/ports/trial-store.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { addLabel } from '../../../domain/predictions/label.ts';
import type { DuePrediction, Outcome } from '../../../domain/predictions/outcome.ts';
import { portOf } from '../../support/ports.ts';

const HOUR_MS = 3_600_000;
const NOW = 2_000 * HOUR_MS;
const UNTRIED = { awaited: () => Promise.resolve(null) };
const UNSUPERVISED = { latestSupervision: async () => null };

/** The candle of an hour closes at 100 plus the hour. */
function candle(hour: number): Candle {
  return { openTime: hour * HOUR_MS, open: 99 + hour, high: 101 + hour, low: 98 + hour, close: 100 + hour, volume: 1 };
}
function due(hour: number, changes: Partial<DuePrediction> = {}): DuePrediction {
  return {
    predictionId: hour, cycleId: `cycle ${hour}`, instrumentId: 'BTC', timeframe: '1h', madeAt: hour * HOUR_MS, dueAt: (hour + 4) * HOUR_MS, horizonCandles: 4, labelVersion: 'horizon4/1', role: 'acting', action: 'buy',
    sigma: null, costBps: 10, stopBps: null, targetBps: null, ...changes,
  };
}

interface World {
  readonly trials?: Pick<TrialStore, 'awaited'>;
  readonly stored: readonly number[];
  /** Of another symbol of the portfolio. */
  readonly othersStored?: readonly number[];
  readonly mode?: Mode;
  readonly now?: number;
  /** Null: it does not answer; delisted: it refuses; refused: what it lists. */
  readonly atVenue?: readonly number[] | null | 'delisted' | 'refused';
  readonly predictions: readonly DuePrediction[];
}

async function look({ stored, othersStored = [], mode = 'live', now = NOW, atVenue = [], predictions, trials = UNTRIED }: World) {
  const [recorded, asked, written]: [Outcome[], string[], number[]] = [[], [], []];
  const ledger = portOf<Ledger>({
    duePredictions: async ({ after }) => predictions.filter((it) => after === null || it.dueAt > after.dueAt),
    portfolio: async () => ({ mode, instrumentIds: ['BTC', 'ETH'] }) as unknown as Awaited<ReturnType<Ledger['portfolio']>>,
    candlesBetween: async ({ instrumentIds, timeframe, from, to }) => instrumentIds.map((instrumentId) => ({ instrumentId, timeframe, candles: (instrumentId === 'ETH' ? othersStored : stored).map(candle).filter((it) => it.openTime >= from && it.openTime < to) })),
    writeCandles: async (series) => void written.push(...series.flatMap((it) => it.candles.map(({ openTime }) => openTime / HOUR_MS))),
    recordOutcomes: async (_portfolio, outcomes) => { recorded.push(...outcomes); return outcomes.length; },
  });
  const venue = portOf<Venue>({
    marketTime: async () => now,
    instruments: async () => (atVenue === 'delisted' ? [] : [{ id: 'BTC' }]) as never,
    candles: async ({ instrumentId, since }) => {
      asked.push(`${instrumentId} since ${since / HOUR_MS}`);
      if (atVenue === 'delisted' || atVenue === 'refused') throw new KeelError('VENUE_REFUSED', 'Invalid symbol.');
      if (atVenue === null) throw new KeelError('VENUE_UNREACHABLE', 'it is away');
      return atVenue.map(candle).filter((it) => it.openTime >= since);
    },
  });
  const step = await createEvaluationActivities({ ledger, venue, models: UNSUPERVISED, trials }).evaluateDue({ portfolioId: 'sim', after: null });
  return { step, asked, written, outcomes: recorded.map((it) => [it.prediction.predictionId, it.state === 'priced' ? it.exitPrice : it.evidence]) };
}

describe('due predictions', () => {
  it('of a label whose file is not loaded wait, and hold nobody up', async () => {
    const { step, outcomes } = await look({ stored: [1, 2, 3, 4, 5, 6], predictions: [due(1, { labelVersion: 'nowhere/1@0.4' }), due(1, { predictionId: 10 })] });
    expect(outcomes).toEqual([[10, 104]]);
    expect(step).toMatchObject({ evaluated: 1, waiting: 1, problem: expect.stringContaining('label nowhere/1@0.4 is not known here') as string });
  });

  it.each([
    ['throws', () => { throw new Error('no idea'); }, 'label throws/1 failed (no idea), on 4 candles from 1970-01-01T02:00:00.000Z'],
    ['leaves for NaN', () => ({ index: 1, price: NaN }), 'label leaves-for-NaN/1 leaves at candle 1 for NaN'],
    ['gives nothing back', () => undefined as unknown as null, 'label gives-nothing-back/1 gave back undefined'],
  ])('of a label whose exit %s wait too, and hold nobody up', async (name, exit, problem) => {
    const version = `${name.replaceAll(' ', '-')}/1`;
    addLabel({ version, horizonCandles: 4, holdBand: 0.4, barriers: null, exit: (trade, candles) => (candles[0]?.openTime === 2 * HOUR_MS ? exit() : null) });
    const { step, outcomes } = await look({ stored: [1, 2, 3, 4, 5, 6], atVenue: null, predictions: [due(1, { labelVersion: version }), due(2, { labelVersion: version, predictionId: 20 }), due(2, { predictionId: 21 })] });
    expect(outcomes).toEqual([[1, 104], [21, 105]]);
    expect(step).toMatchObject({ evaluated: 2, waiting: 1, problem: expect.stringContaining(problem) as string });
  });

  it('are priced at their own candles, whatever came later', async () => {
    const { step, asked, outcomes } = await look({ stored: [1, 2, 3, 4, 5, 6, 7, 8, 9], predictions: [due(1), due(2, { predictionId: 20 }), due(2, { predictionId: 21, role: 'member', action: 'hold' })] });
    expect(outcomes).toEqual([[1, 104], [20, 105], [21, 105]]);
    expect(step).toEqual({ after: { dueAt: 6 * HOUR_MS, cycleId: 'cycle 2' }, evaluated: 3, unpriceable: 0, waiting: 0, problem: null, isLast: true, isSupervisionDue: true, isTrialDue: false });
    expect(asked).toEqual([]);
  });

  it('whose candles are missing are priced with the venue\'s, which stay', async () => {
    const { step, asked, written, outcomes } = await look({ stored: [1, 2, 3], atVenue: [1, 2, 3, 4, 5], predictions: [due(1)] });
    expect([outcomes, asked, written, step.waiting]).toEqual([[[1, 104]], ['BTC since 4'], [4, 5], 0]);
  });

  it('cannot be priced when the venue shows later candles and not theirs: that is the proof', async () => {
    const { step, outcomes } = await look({ stored: [1, 2], atVenue: [4, 5], predictions: [due(1)] });
    expect(outcomes).toEqual([[1, { reason: expect.stringContaining('no such candle') as string, missing: [3 * HOUR_MS], venueShows: 4 * HOUR_MS, askedAt: NOW }]]);
    expect(step).toMatchObject({ evaluated: 0, unpriceable: 1, waiting: 0 });
  });

  it.each([
    ['the venue is away', null, 'VENUE_UNREACHABLE: it is away'],
    ['the venue shows nothing newer', [3], 'the venue does not show their candles yet'],
  ])('wait while %s, and keep nobody else from being priced', async (_name, atVenue, problem) => {
    const { step, outcomes } = await look({ stored: [1, 2, 3, 4, 1_001, 1_002, 1_003, 1_004], atVenue, predictions: [due(1), due(2), due(1_001)] });
    expect(outcomes).toEqual([[1, 104], [1_001, 1_104]]);
    expect(step).toMatchObject({ evaluated: 2, unpriceable: 0, waiting: 1, problem, isLast: true });
  });

  const DUE_AT = due(1).dueAt;
  it.each<[string, Omit<World, 'predictions'>]>([
    ['refused by the venue, a day after another symbol had its candle', { stored: [1, 2], othersStored: [1, 2, 3, 4], atVenue: 'delisted', now: DUE_AT + 24 * HOUR_MS }],
    ['not shown by the venue, a day after another symbol had its candle', { stored: [1, 2], othersStored: [4], atVenue: [], now: DUE_AT + 24 * HOUR_MS }],
    ['of a recording that ends before the others', { stored: [1, 2], othersStored: [4], atVenue: [], now: DUE_AT, mode: 'replay' }],
  ])('cannot be priced when theirs are %s', async (_name, world) => {
    const { step, outcomes } = await look({ ...world, predictions: [due(1)] });
    expect(outcomes).toEqual([[1, { reason: expect.stringContaining('another symbol') as string, missing: [3 * HOUR_MS, 4 * HOUR_MS], other: 'ETH', askedAt: world.now }]]);
    expect(step).toMatchObject({ evaluated: 0, unpriceable: 1, waiting: 0, problem: null });
  });

  it.each<[string, Omit<World, 'predictions'>]>([
    ['the day is not over', { stored: [1, 2], othersStored: [4], atVenue: 'delisted', now: DUE_AT + 24 * HOUR_MS - 1 }],
    ['no other symbol has a candle of that time', { stored: [1, 2], othersStored: [1, 2, 3], atVenue: 'delisted', now: DUE_AT + 24 * HOUR_MS }],
    ['the venue lists it, and refuses for another cause', { stored: [1, 2], othersStored: [4], atVenue: 'refused', now: DUE_AT + 24 * HOUR_MS }],
    ['the venue is away', { stored: [1, 2], othersStored: [4], atVenue: null, now: DUE_AT + 24 * HOUR_MS }],
  ])('whose symbol may have been delisted wait while %s', async (_name, world) => {
    const { step, outcomes } = await look({ ...world, predictions: [due(1)] });
    expect([outcomes, step.waiting, step.problem]).toEqual([[], 1, expect.stringContaining('VENUE_')]);
  });

  it('on a candle that cannot be are not priced', async () => {
    const ledgerCandles = [1, 2, 3].map(candle);
    const recorded: Outcome[] = [];
    const ledger = portOf<Ledger>({
      duePredictions: async ({ after }) => (after === null ? [due(1)] : []),
      candlesBetween: async () => [{ instrumentId: 'BTC', timeframe: '1h', candles: [...ledgerCandles, { ...candle(4), low: 0 }] }],
      recordOutcomes: async (_portfolio, outcomes) => { recorded.push(...outcomes); return outcomes.length; },
    });
    await createEvaluationActivities({ ledger, models: UNSUPERVISED, trials: UNTRIED, venue: portOf<Venue>({ marketTime: async () => NOW }) }).evaluateDue({ portfolioId: 'sim', after: null });
    expect(recorded).toMatchObject([{ state: 'unpriceable', evidence: { reason: 'a candle that cannot be', openTime: 4 * HOUR_MS } }]);
  });
});

it.each<[string, Awaited<ReturnType<TrialStore['awaited']>>, boolean]>([
  ['nobody is on trial or watched', null, false],
  ['it was never looked at', { lookedTo: null, timeframe: '1h', isReplay: false }, true],
  ['a candle closed since the last look', { lookedTo: NOW - HOUR_MS, timeframe: '1h', isReplay: false }, true],
  ['none did', { lookedTo: NOW, timeframe: '1h', isReplay: false }, false],
  ['in a replay its driver sees to it', { lookedTo: null, timeframe: '1h', isReplay: true }, false],
])('a trial is to be woken: %s', async (_name, awaited, expected) => {
  expect((await look({ stored: [], predictions: [], trials: { awaited: () => Promise.resolve(awaited) } })).step.isTrialDue).toBe(expected);
});
