/** Predictions on demand over a real ledger: as a cycle's, once per request, evaluated, never traded, and counted nowhere else. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createEvaluationActivities } from '../../../activities/outcomes.ts';
import { createMarketActivities } from '../../../activities/market.ts';
import { createPredictingActivities } from '../../../activities/predicting.ts';
import { waitingRows } from '../../../db/labels.ts';
import { createModelStore } from '../../../db/model-store.ts';
import { readEvaluationCounts, readJudged, readRequested } from '../../../db/performance.ts';
import { createPolicyStore } from '../../../db/policy-store.ts';
import type { Pool } from '../../../db/pool.ts';
import { createSizingStore } from '../../../db/sizing-store.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import { STANDARD_FEATURES } from '../../../domain/features/standard/index.ts';
import { DEFAULT_ASSETS } from '../../../domain/market/seeded/assets.ts';
import { seededMarket } from '../../../domain/market/seeded/seeded-market.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { PredictionReply } from '../../../domain/predictions/request.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { openPredictor } from '../../../models/predictor.ts';
import { loadStrategy } from '../../../strategies/load.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { seriesOf } from '../../support/fitted-model.ts';
import { portOf } from '../../support/ports.ts';
import { emptyLedger, PORTFOLIO } from '../db/cycle.fixture.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2023, 0, 1);
const MARKET = seededMarket({ seed: 'somebody asks', timeframe: '1h', startTime: START, assets: DEFAULT_ASSETS.slice(0, 2) });
const IDS = MARKET.instruments.map((it) => it.id);
const CANDLES = 900;
const SERIES = seriesOf(MARKET, CANDLES);
const closeOf = (n: number): number => START + n * HOUR_MS;
const ASKED = 'predictions/sim/monday';
/** In the middle of the candle after the one that it goes by. */
const NOW = closeOf(800) + HOUR_MS / 2;

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;
const rows = async (text: string): Promise<readonly Record<string, unknown>[]> => (await pool.query<Record<string, unknown>>(text)).rows;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool, ledger } = await emptyLedger(databases));
  await ledger.upsertInstruments(MARKET.instruments);
  await ledger.ensurePortfolio({ ...PORTFOLIO, instrumentIds: IDS });
  await ledger.writeCandles(SERIES.map((it) => ({ ...it, candles: it.candles.slice(0, 798) })));
});

/** A worker whose venue shows what has closed by then, and has no account. */
async function worker() {
  const clock = { now: NOW };
  const venue = portOf<Venue>({
    marketTime: () => Promise.resolve(clock.now), conditions: () => Promise.resolve({}),
    candles: ({ instrumentId, since }) => Promise.resolve(SERIES.find((it) => it.instrumentId === instrumentId)?.candles.filter((it) => it.openTime >= since && it.openTime + HOUR_MS <= clock.now) ?? []),
  });
  const deps = { ledger, venue, models: createModelStore(pool), policies: createPolicyStore(pool), strategy: await loadStrategy('ensemble'), features: () => Promise.resolve(STANDARD_FEATURES), open: openPredictor, retrainIntervalMs: 24 * HOUR_MS, clock: () => clock.now, warn: () => undefined };
  const { predict } = createPredictingActivities(deps);
  return { clock, deps, ask: (requestId = ASKED, symbols: readonly string[] = []): Promise<PredictionReply> => predict({ requestId, portfolioId: 'sim', symbols }) };
}

function foretold(reply: PredictionReply): PredictionReply & { kind: 'foretold' } {
  if (reply.kind !== 'foretold') throw new Error(`refused: ${reply.unknown.join(', ')}`);
  return reply;
}

async function evaluated(at: number): Promise<unknown> {
  const none = { latestSupervision: () => Promise.resolve(null), awaited: () => Promise.resolve(null) };
  await ledger.writeCandles(SERIES);
  return await createEvaluationActivities({ ledger, models: none, trials: none, venue: portOf<Venue>({ marketTime: () => Promise.resolve(at) }) }).evaluateDue({ portfolioId: 'sim', after: null });
}

/** A cycle of the same candle. */
async function cycle({ deps, clock }: Awaited<ReturnType<typeof worker>>): Promise<string> {
  const candle = { portfolioId: 'sim', strategy: 'ensemble', timeframe: '1h', closeTime: closeOf(800) } as const;
  const venue = portOf<Venue>({ marketTime: () => Promise.resolve(clock.now), conditions: () => Promise.resolve({}), account: () => Promise.resolve({ walletBalance: '10000', equity: '10000', availableMargin: '10000', positionMode: 'oneWay', positions: [] }) });
  const { observe } = createMarketActivities({ ...deps, venue, sizing: createSizingStore(pool), engine: { wakeGuard: () => Promise.resolve() } });
  const cycleId = cycleIdOf(candle);
  await ledger.claimCycle({ cycleId, workflowId: cycleId, candle });
  const observation = await observe(candle);
  await ledger.recordCycle({ cycleId, observation, plan: planCycle({ cycleId, observation }) });
  return cycleId;
}

it('foretells by the newest closed candle, which the ledger lacked, what a cycle of it foretells', async () => {
  const own = await worker();
  const { closeTime, predictions, silent } = foretold(await own.ask());
  expect({ closeTime, silent, symbols: [...new Set(predictions.map((it) => it.instrumentId))] }).toEqual({ closeTime: closeOf(800), silent: [], symbols: IDS });
  await cycle(own);
  const same = `instrument_id, voter, voter_version, made_at, action, score, confidence, probability_buy, probability_sell, probability_hold, because, regime, price, feature_set, direction, magnitude_bps, horizon_candles, due_at, label_version, sigma, cost_bps, stop_bps, target_bps, data_quality, votes`;
  const of = (which: string) => rows(`SELECT ${same} FROM predictions WHERE ${which} ORDER BY prediction_id`);
  expect(await of(`request_id = '${ASKED}'`)).toEqual(await of('cycle_id IS NOT NULL'));
  expect(predictions.length).toBeGreaterThan(4);
  expect(await rows(`SELECT DISTINCT role, decision, reason, trace_id FROM predictions WHERE request_id IS NOT NULL`)).toEqual([{ role: 'requested', decision: null, reason: null, trace_id: ASKED }]);
});

it('the same request is the same predictions: asked twice at once, by another worker, later', async () => {
  const [first, second] = [await worker(), await worker()];
  const [one, other] = await Promise.all([first.ask(), second.ask()]);
  expect(other).toEqual(one);
  const later = await worker();
  later.clock.now += 5 * HOUR_MS;
  expect(await later.ask(ASKED, ['ETH'])).toEqual(one);
  expect(foretold(await later.ask('predictions/sim/tuesday', ['ETH'])).closeTime).toBe(closeOf(805));
  expect(await rows('SELECT request_id FROM prediction_requests ORDER BY 1')).toEqual([{ request_id: ASKED }, { request_id: 'predictions/sim/tuesday' }]);
});

it('trades nothing and looks at no account', async () => {
  await (await worker()).ask(); // the venue has no account: a look would throw
  for (const name of ['cycles', 'positions', 'intents', 'orders', 'instructions', 'equity', 'domain_events']) expect(await rows(`SELECT count(*)::int AS n FROM ${name}`), name).toEqual([{ n: 0 }]);
});

it('is evaluated with the others, once, and counts under its own heading alone', async () => {
  const own = await worker();
  const { predictions } = foretold(await own.ask());
  const spoken = predictions.filter((it) => it.dueAt !== null).length;
  await cycle(own);
  const query = { portfolioId: 'sim', days: 30 };
  const alone = { ahead: (await readEvaluationCounts(pool, query)).ahead, priors: (await ledger.accountContext({ portfolioId: 'sim', strategy: 'ensemble', timeframe: '1h', closeTime: closeOf(900) })).priors };
  expect(alone).toEqual({ ahead: spoken, priors: {} }); // the cycle's
  expect(await ledger.nextDueAt('sim')).toBe(closeOf(804));
  expect(await evaluated(closeOf(803))).toMatchObject({ evaluated: 0 });
  expect(await evaluated(closeOf(804))).toMatchObject({ evaluated: 2 * spoken, waiting: 0 });
  expect(await evaluated(closeOf(900))).toMatchObject({ evaluated: 0, unpriceable: 0 });
  expect(await ledger.nextDueAt('sim')).toBeNull();
  const what = (which: string) => rows(`SELECT instrument_id, voter, actual, return_bps, is_right, exits_return_bps, entry_at, exit_at FROM predictions JOIN outcomes USING (prediction_id) WHERE ${which} ORDER BY prediction_id`);
  expect(await what('request_id IS NOT NULL')).toEqual(await what('cycle_id IS NOT NULL'));

  const acting = await rows(`SELECT 1 FROM predictions WHERE role = 'acting' AND due_at IS NOT NULL`);
  expect((await readRequested(pool, query)).map((it) => [it.role, it.voter])).toEqual(acting.map(() => ['requested', 'strategy/ensemble']));
  expect((await readJudged(pool, query)).filter((it) => it.role === 'requested')).toEqual([]);
  expect(await readEvaluationCounts(pool, query)).toEqual({ evaluated: spoken, unpriceable: 0, overdue: 0, ahead: 0 });
  const { priors } = await ledger.accountContext({ portfolioId: 'sim', strategy: 'ensemble', timeframe: '1h', closeTime: closeOf(900) });
  expect(Object.values(priors).reduce((sum, it) => sum + it.buy + it.sell + it.hold, 0)).toBe(acting.length);
  expect((await waitingRows(pool, { portfolioId: 'sim', now: closeOf(900) })).length).toBe(acting.length);
});

it('a symbol that is not traded is refused with those that are, and the request is not spent', async () => {
  const own = await worker();
  expect(await own.ask(ASKED, ['BTC', 'NONE'])).toEqual({ kind: 'refused', unknown: ['NONE'], allowed: MARKET.instruments.map((it) => it.base) });
  expect(await rows('SELECT 1 FROM prediction_requests')).toEqual([]);
  const { predictions } = foretold(await own.ask(ASKED, ['eth']));
  expect([...new Set(predictions.map((it) => it.instrumentId))]).toEqual([IDS[1]]);
});

it('says which symbols have no candles to go by, and is not due for them', async () => {
  const own = await worker();
  own.clock.now = START + HOUR_MS;
  await pool.query('DELETE FROM candles');
  const { predictions, silent } = foretold(await own.ask());
  expect(predictions).toEqual([]);
  expect(silent.map((it) => it.instrumentId)).toEqual(IDS);
  expect(silent.every((it) => it.why !== '')).toBe(true);
  expect(await ledger.nextDueAt('sim')).toBeNull();
});

it.each([
  ['a requested role of a cycle', `INSERT INTO predictions (cycle_id, request_id, instrument_id, voter, voter_version, portfolio_id, made_at, confidence, because, regime, price, role, action) SELECT NULL, NULL, instrument_id, 'x', '1', 'sim', 1, 0.5, '', 'range', 1, 'requested', 'abstain' FROM instruments LIMIT 1`, '23514'],
  ['another role of a request', `INSERT INTO predictions (request_id, instrument_id, voter, voter_version, portfolio_id, made_at, confidence, because, regime, price, role, action) SELECT '${ASKED}', instrument_id, 'x', '1', 'sim', 1, 0.5, '', 'range', 1, 'acting', 'abstain' FROM instruments LIMIT 1`, '23514'],
  ['one voter twice', `INSERT INTO predictions (request_id, instrument_id, voter, voter_version, portfolio_id, made_at, confidence, because, regime, price, role, action) SELECT request_id, instrument_id, voter, voter_version, 'sim', 1, 0.5, '', 'range', 1, 'requested', 'abstain' FROM predictions LIMIT 1`, '23505'],
])('the database refuses %s', async (_name, text, code) => {
  await (await worker()).ask();
  await expect(pool.query(text)).rejects.toMatchObject({ code });
});

it('the database keeps a request as it was', async () => {
  await (await worker()).ask();
  await expect(pool.query('UPDATE prediction_requests SET close_time = 1')).rejects.toThrow(/append/i);
});
