import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { readLedger } from '../../../client/verify/gather.ts';
import { createModelStore } from '../../../db/model-store.ts';
import type { Pool } from '../../../db/pool.ts';
import type { Fill, OrderIntent, VenueOrder } from '../../../domain/orders/order.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import { stopIntentFor } from '../../../domain/positions/intents.ts';
import { createTrialStore } from '../../../db/trial-store.ts';
import { trialAdvanced, trialBegun } from '../../../domain/promotion/standing.ts';
import { afterGate, afterTrial } from '../../../domain/promotion/registry.ts';
import { outcomeViolations } from '../../../domain/verify/outcomes.ts';
import { protectionViolations } from '../../../domain/verify/protection.ts';
import { OPEN, recordedLedger } from '../db/cycle.fixture.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';

const { quantity } = OPEN.entry;
const HOUR_MS = 3_600_000;
const stop = (revision: number): OrderIntent => stopIntentFor(OPEN, { quantity, triggerPrice: '97', revision });

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => { ({ pool, ledger } = await recordedLedger(databases)); });

/** What the venue says of an order, when it reached us. */
async function report(intent: OrderIntent, status: VenueOrder['status'], at: number, fill: Fill | null = null): Promise<void> {
  const venueOrderId = `${intent.leg} ${intent.revision}`;
  await ledger.applyReport('sim', {
    at, fill, order: {
      venueOrderId, clientOrderId: intent.clientOrderId, instrumentId: intent.instrumentId, book: intent.leg === 'entry' ? 'plain' : 'conditional', status, side: intent.side, positionSide: 'both', type: intent.type,
      quantity, filledQuantity: fill?.quantity ?? '0', averagePrice: fill?.price ?? null, price: null, triggerPrice: intent.triggerPrice, reduceOnly: intent.reduceOnly, triggeredOrderId: null, updatedAt: at,
    },
  });
}

async function work(intent: OrderIntent, at: number): Promise<void> {
  await ledger.claimSubmission({ intent, attempt: 1, timestamp: at, marketTime: at, nowMs: at });
  await report(intent, 'working', at);
}

it('an hour between two stops is found in the ledger, each stop with its own time', async () => {
  const { entry } = OPEN;
  await work(entry, 1_000);
  await report(entry, 'filled', 2_000, {
    tradeId: '1', venueOrderId: 'entry 1', clientOrderId: entry.clientOrderId, instrumentId: entry.instrumentId, side: entry.side, positionSide: 'both', price: '100', quantity, fee: '0', feeCurrency: 'USDT', realizedPnl: '0', maker: false,
    filledAt: 2_000, filledAtWall: 2_000,
  });
  await work(stop(1), 3_000);
  await report(stop(1), 'canceled', 4_000);
  await work(stop(2), 4_000 + HOUR_MS);

  const facts = await readLedger(pool, 'sim');
  expect(facts).toMatchObject({ mode: 'sim', positions: [{ positionId: OPEN.positionId, endedAt: null }] });
  expect(Math.abs(facts.readAt - Date.now())).toBeLessThan(60_000);
  expect(facts.orders.map(({ intent, plannedAt, acceptedAt, endedAt }) => [intent.leg, intent.revision, plannedAt > 0, acceptedAt, endedAt])).toEqual([
    ['entry', 1, true, 1_000, 2_000], ['stop', 1, true, 3_000, 4_000], ['stop', 2, true, 4_000 + HOUR_MS, null],
  ]);
  const tooLong = protectionViolations({ ledger: facts, venue: { openOrders: [] } }).filter((it) => it.name === 'a position was without a stop for too long');
  expect(tooLong).toEqual([expect.objectContaining({ subject: OPEN.positionId, evidence: { seconds: 3_600, limit: 15, since: new Date(4_000).toISOString(), closing: false } })]);

  await ledger.closePosition({ positionId: OPEN.positionId, handledSeq: 100, reason: 'outside', closedAt: 1 });
  const [ended] = (await readLedger(pool, 'sim')).positions;
  expect(Math.abs((ended?.endedAt ?? 0) - Date.now())).toBeLessThan(60_000);
});

it('a prediction that was stored after its cycle, made at another moment or due at another one is found in the ledger', async () => {
  const found = async () => outcomeViolations({ ledger: await readLedger(pool, 'sim'), engine: { isAtRest: false } }).map((it) => it.name);
  expect(await found()).toEqual([]);
  const late = (voter: string, madeAt: string, dueAt: string): Promise<unknown> => pool.query(`INSERT INTO predictions (cycle_id, instrument_id, voter, voter_version, portfolio_id, made_at, action, confidence, probability_buy, probability_sell, probability_hold, because, regime, price, role, horizon_candles, due_at, label_version, sigma, cost_bps)
    SELECT cycle_id, instrument_id, '${voter}', '1', portfolio_id, ${madeAt}, 'buy', 0.5, 1, 0, 0, 'planted', regime, price, 'member', horizon_candles, ${dueAt}, label_version, sigma, cost_bps FROM predictions WHERE role = 'acting' AND due_at IS NOT NULL LIMIT 1`);
  await late('late', 'made_at', 'due_at');
  expect(await found()).toEqual(['a prediction was stored after its use']);
  await late('moved', 'made_at + 3600000', 'due_at + 7200000');
  expect(await found()).toEqual(['a prediction was stored after its use', 'a prediction was made at another moment than its decision', 'a prediction falls due at another moment than the end of its horizon', 'a prediction was stored after its use']);
});

it('models are read with the hash of their bytes, their place, their trial and the steps of their lives', async () => {
  const models = createModelStore(pool);
  const artefact = new TextEncoder().encode('a');
  const model = { modelId: createHash('sha256').update(artefact).digest('hex'), recipeId: 'a', validatedAt: 1_000 };
  await models.recordTrial({ trialId: 'trial/1', runId: 'run/1', portfolioId: 'sim', recipeId: 'a', recipe: {}, kind: 'challenger', outcome: 'refused', daily: { firstDay: 1, returns: Float64Array.of(0) }, rules: [], reason: null });
  await models.registerModel({ ...model, portfolioId: 'sim', trialId: 'trial/1', dataHash: 'd', description: {}, artefact });
  const seen = async () => (await readLedger(pool, 'sim')).models;
  const read = { modelId: model.modelId, bytesHash: model.modelId, place: null, trial: 'refused', steps: [], phases: [] };
  expect(await seen()).toEqual([read]);

  await models.step({ portfolioId: 'sim', stepId: 'trial/1/gate', actor: 'dailyRetrain', decide: (registry) => afterGate(registry, { kind: 'challenger', model }) });
  const begun = { kind: 'trialBegun', isByHand: false };
  expect(await seen()).toEqual([{ ...read, place: 'onTrial', steps: [begun] }]);

  const trials = createTrialStore(pool);
  await trials.take({ portfolioId: 'sim', stepId: 'trial/1', actor: 'shadowTrial', at: 1, decide: (standing) => trialBegun(standing, { id: 't', at: 1, number: 1 }) });
  await trials.take({ portfolioId: 'sim', stepId: 'byHand/0', actor: 'ada', at: 1, decide: (standing) => trialAdvanced(standing, { state: { phase: 'canary', stage: 0, since: 1 }, why: 'fine' }, 1) });
  const phases = [{ phase: 'operations', isByHand: false }, { phase: 'canary', isByHand: true }];

  await models.step({ portfolioId: 'sim', stepId: 'byHand/1', actor: 'ada', decide: (registry) => afterTrial(registry, 'promoted', { why: 'better', at: 1_000 }) });
  expect(await seen()).toEqual([{ ...read, place: 'champion', steps: [begun, { kind: 'promoted', isByHand: true }], phases }]);
});
