/** Steps of longer stories, each with the effects that a worker may die at: a crash point alone tells only its first pass. */
import { databaseUrlOf } from '../../config/database.ts';
import { createLedger } from '../../db/ledger.ts';
import { createPool } from '../../db/pool.ts';
import type { CrashPoint } from '../../activities/effects.ts';
import { CRASH_MOMENTS } from '../../activities/effects.ts';
import { d, text } from '../../domain/decimal.ts';
import type { GuardMode } from '../../domain/emergency/types.ts';
import { emergencyStopSignal, newsSignal } from '../../workflows/messages.ts';
import { guardOf, guardState, resume, untilMode } from './emergency.ts';
import { outsiderOf } from './outsider.ts';
import { until } from './processes.ts';
import { untilEntriesRest } from './resting.ts';
import type { Reached, Situation } from './situations.ts';
import { beginStandstill, nextCandle, oneRow, rowsOf, settled, untilOpen } from './standstill.ts';
import type { System } from './system.ts';

export interface CrashStep {
  readonly tells: string;
  readonly effects: readonly Reached[];
  readonly options: Situation['options'];
  /** From 1: which pass through the point is the step. None: the first after `arm`. */
  readonly pass?: number;
  /** Stages the step, arms the crash just before it, and trades to the end. @returns candles that were traded */
  readonly play: (system: System, arm: () => void) => Promise<number>;
}

export interface StepPoint {
  readonly step: CrashStep;
  readonly point: CrashPoint;
  /** `<step>: <point>`. */
  readonly name: string;
}

const OPTIONS = { candles: 10 } as const;
/** Recovery takes six candles: two for each step. */
const LONG = { candles: 24 } as const;
const CLOSED_MS = 120_000;
const CANDLES_MAX = 14;

async function tradeToTheEnd(system: System): Promise<number> {
  await system.startReplay();
  return await system.waitDone();
}

async function untilStopped(system: System): Promise<void> {
  await guardOf(system).signal(emergencyStopSignal, { reason: 'a crash test', by: 'test' });
  await untilMode(system, 'emergency', CLOSED_MS);
}

/** Tripped with positions open. The guard's commands in their order: trip, flat, sealed. */
async function stop(system: System): Promise<number> {
  await beginStandstill(system);
  await untilOpen(system);
  await untilStopped(system);
  await resume(system);
  return await tradeToTheEnd(system);
}

const isDwelling = async (system: System): Promise<boolean> => (await rowsOf(system, `SELECT 1 FROM guard_watch WHERE memory->'better' <> 'null'::jsonb`)).length > 0;

/** Candle by candle back to normal; armed before the look that leaves a mode. */
function stepFrom(mode: GuardMode): CrashStep['play'] {
  return async (system, arm) => {
    await beginStandstill(system);
    await untilOpen(system);
    await untilStopped(system);
    await resume(system);
    let isArmed = false;
    for (let candle = 0; (await guardState(system)).mode !== 'armed'; candle += 1) {
      if (candle === CANDLES_MAX) throw new Error(`still ${(await guardState(system)).mode} after ${CANDLES_MAX} candles`);
      if (!isArmed && (await guardState(system)).mode === mode && (await isDwelling(system))) {
        isArmed = true;
        arm();
      }
      await nextCandle(system);
    }
    return await tradeToTheEnd(system);
  };
}

interface Held {
  readonly positionId: string;
  readonly venueSymbol: string;
}

/** The newest working order of a leg; null: none. */
async function workingOf(system: System, { positionId }: Held, leg: string): Promise<{ price: string; quantity: string; revision: number } | null> {
  const [row] = await rowsOf<{ price: string; quantity: string; revision: number }>(system, `SELECT i.trigger_price::text price, i.quantity::text quantity, i.revision FROM orders o JOIN intents i USING (client_order_id)
    WHERE o.position_id = $1 AND i.leg = $2 AND o.state = 'accepted' ORDER BY i.revision DESC LIMIT 1`, [positionId, leg]);
  return row ?? null;
}

/** Half of the way from the stop to the market. */
async function moveStop(system: System, arm: () => void): Promise<number> {
  await beginStandstill(system);
  const held = await untilOpen(system);
  const before = await workingOf(system, held, 'stop');
  if (before === null) throw new Error(`no stop works for ${held.positionId}`);
  const stopPrice = text(d(before.price).plus(d(await outsiderOf(system).priceOf(held.venueSymbol))).div(2));
  const pool = createPool(databaseUrlOf(system.settings, system.deployment), { connectionsMax: 1 });
  try {
    await createLedger(pool).instruct({ kind: 'moveStop', instructionId: `${held.positionId}@test`, positionId: held.positionId, stopPrice, reason: 'trail' });
  } finally {
    await pool.end();
  }
  arm();
  await system.client.workflow.getHandle(held.positionId).signal(newsSignal);
  await until('another stop works', async () => ((await workingOf(system, held, 'stop'))?.revision ?? 0) > before.revision, 60_000);
  await settled(system);
  return await tradeToTheEnd(system);
}

/** A position whose ladder rests on the venue. */
async function untilLadder(system: System): Promise<Held> {
  await beginStandstill(system);
  for (let candle = 0; candle < CANDLES_MAX; candle += 1) {
    const [held] = await rowsOf<Held>(system, `SELECT p.position_id "positionId", n.venue_symbol "venueSymbol" FROM positions p JOIN instruments n USING (instrument_id) WHERE p.state = 'open'
      AND EXISTS (SELECT 1 FROM orders o JOIN intents i USING (client_order_id) WHERE o.position_id = p.position_id AND i.leg = 'firstTarget' AND o.state = 'accepted') ORDER BY 1 LIMIT 1`);
    if (held !== undefined) return held;
    await nextCandle(system);
  }
  throw new Error(`no ladder rests after ${CANDLES_MAX} candles`);
}

/** The next candle opens where this share of the way from the first rung to the target is behind it. */
async function reach(system: System, held: Held, share: number, from: { readonly first: string; readonly target: string }): Promise<void> {
  const [first, target] = [Number(from.first), Number(from.target)];
  const percent = ((first + (target - first) * share) / (await outsiderOf(system).priceOf(held.venueSymbol)) - 1) * 100;
  await system.control('/shock', { method: 'POST', body: JSON.stringify({ symbol: held.venueSymbol, percent }) });
  await nextCandle(system);
}

async function filledOf(system: System, { positionId }: Held, leg: string): Promise<boolean> {
  return (await oneRow<{ n: number }>(system, `SELECT count(*)::int n FROM orders o JOIN intents i USING (client_order_id) WHERE o.position_id = $1 AND i.leg = $2 AND o.state = 'filled'`, [positionId, leg])).n > 0;
}

/** The first rung is reached, and then the target. */
function climb(armedAt: 'firstTarget' | 'target'): CrashStep['play'] {
  return async (system, arm) => {
    const held = await untilLadder(system);
    const [first, target] = [await workingOf(system, held, 'firstTarget'), await workingOf(system, held, 'target')];
    if (first === null || target === null) throw new Error(`no ladder works for ${held.positionId}`);
    const prices = { first: first.price, target: target.price };
    if (armedAt === 'firstTarget') arm();
    await reach(system, held, 0.5, prices);
    if (!(await filledOf(system, held, 'firstTarget'))) throw new Error('the first rung was not reached');
    if (armedAt === 'target') arm();
    await reach(system, held, 1.2, prices);
    return await tradeToTheEnd(system);
  };
}

const LADDER_EFFECTS: readonly Reached[] = ['streamAccount/ledger.applyReport', 'submitOrder/ledger.claimSubmission', 'submitOrder/venue.submit', 'submitOrder/ledger.applyOrderEvent', 'cancelOrder/venue.cancel'];

export const CRASH_STEPS: readonly CrashStep[] = [
  { tells: 'flat', effects: ['commandGuard/ledger.commandGuard'], options: OPTIONS, pass: 2, play: stop },
  { tells: 'sealed', effects: ['commandGuard/ledger.commandGuard'], options: OPTIONS, pass: 3, play: stop },
  {
    tells: 'entries that rest are withdrawn', effects: ['withdrawOrders/venue.cancel'], options: OPTIONS,
    play: async (system, arm) => {
      await untilEntriesRest(system);
      arm();
      await untilStopped(system);
      await resume(system);
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'a loss trips', effects: ['streamAccount/ledger.watchRisk'], options: OPTIONS,
    play: async (system, arm) => {
      await beginStandstill(system);
      await untilOpen(system);
      arm();
      await system.control('/income', { method: 'POST', body: JSON.stringify({ type: 'REALIZED_PNL', amount: '-1200' }) });
      await untilMode(system, 'emergency', CLOSED_MS);
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'a person resumes', effects: ['commandGuard/ledger.commandGuard'], options: OPTIONS,
    play: async (system, arm) => {
      await beginStandstill(system);
      await untilOpen(system);
      await untilStopped(system);
      arm();
      await resume(system);
      return await tradeToTheEnd(system);
    },
  },
  ...(['emergency', 'protective', 'cautious'] as const).map((mode): CrashStep => ({ tells: `recovery leaves ${mode}`, effects: ['observe/ledger.watchRisk'], options: LONG, play: stepFrom(mode) })),
  { tells: 'a stop is replaced', effects: ['submitOrder/ledger.claimSubmission', 'submitOrder/venue.submit', 'submitOrder/ledger.applyOrderEvent', 'cancelOrder/venue.cancel', 'cancelOrder/ledger.applyOrderEvent'], options: OPTIONS, play: moveStop },
  { tells: 'the first rung is reached', effects: LADDER_EFFECTS, options: LONG, play: climb('firstTarget') },
  { tells: 'the target is reached', effects: LADDER_EFFECTS, options: LONG, play: climb('target') },
];

export const STEP_POINTS: readonly StepPoint[] = CRASH_STEPS.flatMap((step) => step.effects.flatMap((effect) => CRASH_MOMENTS.map((moment): StepPoint => {
  const point: CrashPoint = `${effect}/${moment}` as CrashPoint;
  return { step, point, name: `${step.tells}: ${point}` };
})));
