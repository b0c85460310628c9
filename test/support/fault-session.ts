/** Sessions on a venue that fails on demand, and what the ledger says of them afterwards. */
import { fileURLToPath } from 'node:url';
import type { Violation } from '../../domain/verify/facts.ts';
import { accountFeedId } from '../../workflows/ids.ts';
import { allowCorrelated } from './set-policy.ts';
import type { System, SystemOptions } from './system.ts';
import { startSystem } from './system.ts';

/** A strategy that trades as often as it can. */
export const METRONOME = fileURLToPath(new URL('../fixtures/strategies/metronome.ts', import.meta.url));

/** As the control endpoint takes it (stack/venue/faults.ts). */
export type FaultSpec = Readonly<Record<string, unknown>> & { readonly kind: string };

export interface FaultState {
  readonly kind: string;
  readonly fired: number;
  /** What it struck: client order ids, or requests and events. */
  readonly hits: readonly string[];
}

export interface SessionSpec {
  readonly candles: number;
  /** By a name that the assertions use. */
  readonly faults: Readonly<Record<string, FaultSpec>>;
}

/** One order's life as the ledger recorded it. */
export interface OrderStory {
  readonly clientOrderId: string;
  readonly positionId: string;
  readonly leg: string;
  readonly state: string;
  readonly attempt: number;
  /** That the last attempt was signed with: the venue's clock. */
  readonly sentTimestamp: number | null;
  readonly reason: string | null;
  readonly quantity: string;
  readonly filled: string;
  /** `submitting→unknown`, in order. */
  readonly moves: readonly string[];
  /** Wall clock of each move. */
  readonly movedAt: readonly number[];
  /** How often the venue's book of all orders ever holds it. */
  readonly timesAtVenue: number;
}

export interface PositionStory {
  readonly positionId: string;
  readonly instrumentId: string;
  readonly state: string;
  readonly closeReason: string | null;
}

export interface SessionResult {
  readonly cycles: number;
  readonly faults: Readonly<Record<string, FaultState>>;
  readonly orders: ReadonlyMap<string, OrderStory>;
  readonly positions: readonly PositionStory[];
  /** Kinds and outcomes that reconciliation told. */
  readonly resolved: readonly { readonly kind: string; readonly instrumentId: string | null; readonly outcome: string; readonly positionId: string | null }[];
  readonly income: readonly { readonly type: string; readonly amount: string }[];
  readonly broken: readonly string[];
  readonly violations: readonly Violation[];
  /** Runs of the activity that owns the account's stream, from 1: each one more is a stream that was given up and opened anew. */
  readonly accountStreams: number;
  readonly lastBan: { readonly startedAt: number; readonly refused: number; readonly lastRefusedAt: number } | null;
}

const STORIES = `
  SELECT o.client_order_id "clientOrderId", o.position_id "positionId", i.leg, o.state, o.attempt, o.sent_timestamp::float8 "sentTimestamp", o.reason, i.quantity::text quantity, o.filled_quantity::text filled,
    coalesce((SELECT array_agg(e.from_state || '→' || e.to_state ORDER BY e.seq) FROM order_events e WHERE e.client_order_id = o.client_order_id), '{}') moves,
    coalesce((SELECT array_agg(e.at::float8 ORDER BY e.seq) FROM order_events e WHERE e.client_order_id = o.client_order_id), '{}') "movedAt"
  FROM orders o JOIN intents i USING (client_order_id) ORDER BY o.seq`;
const POSITIONS = `SELECT position_id "positionId", instrument_id "instrumentId", state, close_reason "closeReason" FROM positions ORDER BY decided_at, instrument_id`;
const RESOLVED = `SELECT payload->>'kind' kind, payload->>'instrumentId' "instrumentId", payload->>'outcome' outcome, payload->'evidence'->>'positionId' "positionId" FROM domain_events WHERE type = 'differenceResolved' ORDER BY seq`;

/** Runs a session to its end with these faults waiting for their moments, and reconciles once more. */
export async function runFaultSession(servers: Pick<SystemOptions, 'postgresUrl' | 'temporalAddress'>, spec: SessionSpec): Promise<SessionResult> {
  const system = await startSystem({ ...servers, candles: spec.candles, seed: '1', symbolCount: 3, strategy: METRONOME });
  let isSound = false;
  try {
    const ids = new Map<string, string>();
    for (const [name, fault] of Object.entries(spec.faults)) ids.set(name, await inject(system, fault));
    await allowCorrelated(system);
    await system.startReplay();
    const cycles = await system.waitDone(200_000);
    await system.reconcile();
    const result = await readResult(system, { cycles, ids });
    isSound = result.broken.length === 0 && result.violations.length === 0;
    return result;
  } finally {
    await system.close(!isSound);
  }
}

/** @returns the fault's id. @throws when the venue does not understand it. */
export async function inject(system: System, fault: FaultSpec): Promise<string> {
  const answer = (await system.control('/fault', { method: 'POST', body: JSON.stringify(fault) })) as { id?: string };
  if (answer.id === undefined) throw new Error(`not injected: ${JSON.stringify(fault)}: ${JSON.stringify(answer)}`);
  return answer.id;
}

async function readResult(system: System, { cycles, ids }: { cycles: number; ids: ReadonlyMap<string, string> }): Promise<SessionResult> {
  const states = (await system.control('/faults')) as readonly (FaultState & { id: string })[];
  const { lastBan } = (await system.control('/state')) as Pick<SessionResult, 'lastBan'>;
  const rows = async <Row extends object>(query: string): Promise<readonly Row[]> => (await system.database.query<Row>(query)).rows;
  return {
    cycles, lastBan,
    faults: Object.fromEntries([...ids].map(([name, id]) => [name, states.find((it) => it.id === id) ?? { kind: name, fired: 0, hits: [] }])),
    orders: await readOrders(system),
    positions: await rows<PositionStory>(POSITIONS),
    resolved: await rows<SessionResult['resolved'][number]>(RESOLVED),
    income: await rows<SessionResult['income'][number]>('SELECT type, amount::text FROM income ORDER BY time'),
    broken: await system.checkInvariants(), violations: await system.violations(), accountStreams: await accountStreamsOf(system),
  };
}

export async function readOrders(system: System): Promise<ReadonlyMap<string, OrderStory>> {
  const book = (await system.control('/book')) as { orders: readonly { clientOrderId: string; algoId: unknown }[]; algoOrders: readonly { clientAlgoId: string }[] };
  const ids = [...book.orders.filter((order) => order.algoId === null || order.algoId === undefined || order.algoId === 0).map((order) => order.clientOrderId), ...book.algoOrders.map((order) => order.clientAlgoId)];
  const { rows } = await system.database.query<Omit<OrderStory, 'timesAtVenue'>>(STORIES);
  return new Map(rows.map((row) => [row.clientOrderId, { ...row, timesAtVenue: ids.filter((id) => id === row.clientOrderId).length }]));
}

/** How often the account's stream was opened. */
export async function accountStreamsOf(system: System): Promise<number> {
  const { raw } = await system.client.workflow.getHandle(accountFeedId(system.deployment.portfolioId)).describe();
  return raw.pendingActivities?.[0]?.attempt ?? 0;
}

/** Runs all with at most so many at a time; results in the order of the work. */
export async function inParallel<T>(atMost: number, work: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results = new Array<T>(work.length);
  const queue = [...work.entries()];
  await Promise.all(Array.from({ length: atMost }, async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await next[1]();
  }));
  return results;
}
