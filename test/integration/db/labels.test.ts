/** The label queue in the ledger: who is asked about what, what is read for it, and what an opinion changes. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createEvaluationActivities } from '../../../activities/outcomes.ts';
import { askedPrediction, candlesBefore, opinionsOf, recordOpinion, waitingRows } from '../../../db/labels.ts';
import { createModelStore } from '../../../db/model-store.ts';
import type { Pool } from '../../../db/pool.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { Candle } from '../../../domain/market/candle.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import type { Opinion } from '../../../domain/teaching/opinions.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { portOf } from '../../support/ports.ts';
import { CLOSE_TIME, HOUR_MS, INSTRUMENT, symbolWith, vote } from '../../unit/domain/cycle/plan.fixture.ts';
import { claimedLedger, OBSERVATION } from './cycle.fixture.ts';

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;
/** Of the acting predictions, in order of their hours; the last one is not evaluated. */
let acting: readonly number[];

const CYCLES = 4;
const candle = (hour: number): Candle => ({ openTime: CLOSE_TIME + hour * HOUR_MS, open: 100, high: 102, low: 99, close: 101, volume: 20 + hour });

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool, ledger } = await claimedLedger(databases));
  for (let hour = 0; hour < CYCLES; hour += 1) {
    const observation = { ...OBSERVATION, candle: { ...OBSERVATION.candle, closeTime: CLOSE_TIME + hour * HOUR_MS }, symbols: [symbolWith({ sigma: 0.01, votes: [{ ...vote('buy', 0.5, 'one'), probabilities: null }, { ...vote('sell', 0.5, 'two'), probabilities: null }] })] };
    const cycleId = cycleIdOf(observation.candle);
    await ledger.claimCycle({ cycleId, workflowId: 'w', candle: observation.candle });
    await ledger.recordCycle({ cycleId, observation, plan: planCycle({ cycleId, observation }) });
  }
  await ledger.writeCandles([{ instrumentId: INSTRUMENT.id, timeframe: '1h', candles: Array.from({ length: 20 }, (_, index) => candle(index - 10)) }]);
  const marketTime = CLOSE_TIME + (CYCLES + 2) * HOUR_MS; // the last horizon has not ended
  await createEvaluationActivities({ ledger, models: { latestSupervision: () => Promise.resolve(null) }, trials: { awaited: () => Promise.resolve(null) }, venue: portOf<Venue>({ marketTime: async () => marketTime, candles: async () => [] }) }).evaluateDue({ portfolioId: 'sim', after: null });
  acting = (await pool.query<{ id: number }>(`SELECT prediction_id AS id FROM predictions WHERE role = 'acting' ORDER BY made_at`)).rows.map((it) => it.id);
});

const of = (index: number): number => acting[index] ?? NaN;
const waiting = async (): Promise<readonly number[]> => (await waitingRows(pool, { portfolioId: 'sim', now: CLOSE_TIME + 10 * HOUR_MS })).map((it) => it.predictionId);
const say = async (index: number, mark: Opinion['mark'], by = 'ada'): Promise<void> => {
  await recordOpinion(pool, { portfolioId: 'sim', predictionId: of(index), instrumentId: INSTRUMENT.id, opinion: { mark, by, regime: mark === 'regime' ? 'range' : null, because: mark === 'skip' ? null : 'looked twice' } });
};

it('asks about what was acted by and evaluated, until somebody speaks of it or skips it', async () => {
  expect(await waiting()).toEqual([of(2), of(1), of(0)]);
  expect((await waitingRows(pool, { portfolioId: 'sim', now: CLOSE_TIME + 10 * HOUR_MS }))[0]).toMatchObject({ instrumentId: INSTRUMENT.id, votes: ['buy', 'sell'], madeAt: CLOSE_TIME + 2 * HOUR_MS });
  await say(2, 'badData');
  await say(0, 'skip');
  expect(await waiting()).toEqual([of(1)]);
  expect(await waitingRows(pool, { portfolioId: 'other', now: CLOSE_TIME })).toEqual([]);
  expect(await waitingRows(pool, { portfolioId: 'sim', now: CLOSE_TIME + 31 * 24 * HOUR_MS })).toEqual([]);
});

it('reads no candle after the decision, and nothing of what came of it', async () => {
  const asked = await askedPrediction(pool, 'sim', of(1));
  if (asked === null) expect.unreachable();
  expect(asked).toMatchObject({ madeAt: CLOSE_TIME + HOUR_MS, timeframe: '1h', horizonCandles: 4, hasOpinion: false });
  expect(Object.keys(asked).filter((key) => /actual|return|right|exit|move/i.test(key))).toEqual([]);
  const candles = await candlesBefore(pool, asked, 500);
  expect(candles.map((it) => (it.openTime - CLOSE_TIME) / HOUR_MS)).toEqual([-10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0]);
  expect(candles.at(-1)).toEqual(candle(0)); // it closes at the decision
  expect(await candlesBefore(pool, asked, 2)).toEqual([candle(-1), candle(0)]);
  expect(await askedPrediction(pool, 'sim', of(3))).toBeNull();
  expect(await askedPrediction(pool, 'other', of(1))).toBeNull();
});

it('the last mark that is no skip holds: a row marked as bad data stays out until it is marked otherwise', async () => {
  const { excludedRows } = createModelStore(pool);
  await say(1, 'badData');
  await say(0, 'badData', 'ben');
  await say(0, 'skip');
  expect(await excludedRows('sim')).toEqual([0, 1].map((hour) => ({ instrumentId: INSTRUMENT.id, decidedAt: CLOSE_TIME + hour * HOUR_MS })));
  await say(0, 'regime');
  expect(await excludedRows('sim')).toEqual([{ instrumentId: INSTRUMENT.id, decidedAt: CLOSE_TIME + HOUR_MS }]);
  expect((await opinionsOf(pool, 'sim')).map((it) => [it.predictionId, it.by, it.mark])).toEqual([[of(0), 'ada', 'regime'], [of(0), 'ben', 'badData'], [of(1), 'ada', 'badData']]);
  expect((await opinionsOf(pool, 'sim'))[0]).toMatchObject({ regime: 'range', seenRegime: 'trendUp', dueAt: CLOSE_TIME + 4 * HOUR_MS, returnBps: expect.any(Number) as number });
});

it('outcomes stay as they are, opinions stay as they were written, and each is told once', async () => {
  const outcomes = async (): Promise<unknown[]> => (await pool.query<Record<string, unknown>>('SELECT * FROM outcomes ORDER BY prediction_id')).rows;
  const before = await outcomes();
  await say(0, 'badData');
  await say(1, 'wouldNotTrade');
  expect(await outcomes()).toEqual(before);
  for (const text of ['DELETE FROM label_opinions', `UPDATE label_opinions SET mark = 'skip'`]) await expect(pool.query(text)).rejects.toThrow(/append-only/);
  expect((await pool.query(`SELECT actor, payload FROM domain_events WHERE type = 'predictionMarked' ORDER BY seq`)).rows).toEqual([
    { actor: 'ada', payload: { predictionId: of(0), instrumentId: INSTRUMENT.id, mark: 'badData', regime: null, because: 'looked twice' } }, { actor: 'ada', payload: expect.objectContaining({ mark: 'wouldNotTrade' }) as unknown },
  ]);
});

it.each([
  ['of what was not evaluated', 3, 'badData', null, 'x', '23503'],
  ['a regime without its name', 0, 'regime', null, 'x', '23514'],
  ['a regime beside another mark', 0, 'badData', 'range', 'x', '23514'],
  ['a mark without a reason', 0, 'badData', null, null, '23514'],
  ['a mark that is none', 0, 'sure', null, 'x', '23514'],
])('the database refuses an opinion: %s', async (_name, index, mark, regime, because, code) => {
  await expect(pool.query('INSERT INTO label_opinions (portfolio_id, prediction_id, mark, regime, actor, because) VALUES ($1,$2,$3,$4,$5,$6)', ['sim', of(index), mark, regime, 'ada', because])).rejects.toMatchObject({ code });
});
