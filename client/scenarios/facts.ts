/** What the ledger and the venue say of a scenario. */
import type { CyclePlan, DecisionStep, Observation, SymbolObservation, Vote } from '../../domain/cycle/types.ts';
import type { GuardState } from '../../domain/emergency/guard.ts';
import { guardStateOf } from '../../domain/emergency/guard.ts';
import type { Policy } from '../../domain/policy/policy.ts';
import type { PolicySource } from '../../domain/policy/fallback.ts';
import type { Stage } from './stage.ts';

/** What one cycle made of one symbol. */
export interface Decision {
  /** Base. */
  readonly symbol: string;
  /** Hour (UTC) at which its candle closed, counted on from the first day. */
  readonly hour: number;
  readonly policyVersion: number;
  readonly policySource: PolicySource | 'none';
  readonly policy: Policy;
  readonly outcome: string;
  readonly reason: string;
  readonly confidence: number;
  readonly steps: readonly DecisionStep[];
  readonly votes: readonly Vote[];
  /** ATR(14), % of price. */
  readonly atrPct: number;
  readonly opened: Opened | null;
}

/** A position that the cycle opened. */
export interface Opened {
  readonly direction: string;
  /** Quote currency. */
  readonly notional: number;
  readonly leverage: number;
  /** To the first stop, in ATRs and in % of price. */
  readonly stopAtr: number;
  readonly stopPct: number;
  readonly exitRegime: string;
  /** Lost at the first stop, as a share of what the policy risks on a trade. */
  readonly riskShare: number;
  /** What bound the size; `risk` when no cap did. */
  readonly cappedBy: string;
  /** Every factor on the risk, by name. */
  readonly factors: Readonly<Record<string, number>>;
}

interface CycleRow {
  readonly closeTime: number;
  readonly policyVersion: number;
  readonly observation: Observation;
  readonly plan: CyclePlan;
}

const HOUR_MS = 3_600_000;
const CYCLES = 'SELECT close_time::float8 "closeTime", policy_version "policyVersion", observation, plan FROM cycles WHERE recorded_at IS NOT NULL ORDER BY close_time';

/** Oldest first, symbols by name. */
export async function decisionsOf(stage: Stage): Promise<readonly Decision[]> {
  const cycles = await stage.rows<CycleRow>(CYCLES);
  const firstDay = Math.floor((cycles[0]?.closeTime ?? 0) / (24 * HOUR_MS)) * 24;
  return cycles.flatMap((cycle) => cycle.plan.decisions.map((made): Decision => {
    const { account, symbols } = cycle.observation;
    const symbol = symbols.find((it) => it.instrument.id === made.instrumentId);
    return {
      symbol: baseOf(made.instrumentId), hour: cycle.closeTime / HOUR_MS - firstDay, policyVersion: cycle.policyVersion, policySource: account.policyRead?.source ?? 'none', policy: account.policy,
      outcome: made.outcome, reason: made.reason, confidence: made.confidence, steps: made.steps, votes: symbol?.votes ?? [], atrPct: atrPctOf(symbol), opened: openedBy(cycle, made.instrumentId, made.steps),
    };
  }));
}

export function baseOf(instrumentId: string): string {
  return instrumentId.split('-')[0] ?? instrumentId;
}

function atrPctOf(symbol: SymbolObservation | undefined): number {
  return (100 * (symbol?.features['atr14'] ?? NaN)) / (symbol?.candle.close ?? NaN);
}

function openedBy({ plan, observation: { account } }: CycleRow, instrumentId: string, steps: readonly DecisionStep[]): Opened | null {
  const open = plan.opens.find((it) => it.instrument.id === instrumentId);
  if (open === undefined) return null;
  const [quantity, price, stop] = [Number(open.entry.quantity), Number(open.entry.decisionPrice), Number(open.riskPerUnit)];
  const said = steps.find((it) => it.step === 'size')?.value ?? '';
  return {
    direction: open.direction, notional: quantity * price, leverage: open.leverage, stopAtr: stop / Number(open.exit.atr), stopPct: (100 * stop) / price, exitRegime: open.exit.regime,
    riskShare: (quantity * stop) / ((Number(account.equity) * account.policy.riskPerTradeBps) / 10_000),
    ...sizeOf(said),
  };
}

/** @param said of the size's step, such as `0.5 by risk (policy 1, signal 0.5), leverage 2` */
export function sizeOf(said: string): Pick<Opened, 'cappedBy' | 'factors'> {
  const [, cappedBy = 'not told', list = ''] = /^\S+ by (\w+) \(([^)]*)\)/.exec(said) ?? [];
  const factors = Object.fromEntries(list.split(', ').filter((it) => it !== '').map((it) => it.split(' ')).map(([name = '', factor = '']) => [name, Number(factor)]));
  return { cappedBy, factors };
}

/** What the account holds and has working, asked of the venue alone: `BTC long`, `BTC stopMarket`. */
export async function openAtVenue({ parts: { venue } }: Stage): Promise<{ readonly positions: readonly string[]; readonly orders: readonly string[] }> {
  const [account, orders] = [await venue.account(), await venue.openOrders()];
  return {
    positions: account.positions.map((it) => `${baseOf(it.instrumentId)} ${it.direction}`).sort(),
    orders: orders.map((it) => `${baseOf(it.instrumentId)} ${it.type}`).sort(),
  };
}

/** Symbols whose position at the venue is covered whole by a working stop. */
export async function protectedAtVenue({ parts: { venue } }: Stage): Promise<readonly string[]> {
  const [account, orders] = [await venue.account(), await venue.openOrders()];
  return account.positions.filter((held) => orders.some((it) => it.instrumentId === held.instrumentId && it.type === 'stopMarket' && Number(it.quantity) >= Number(held.quantity))).map((held) => baseOf(held.instrumentId)).sort();
}

/** Close reasons in the ledger: `BTC emergency`. */
export async function closedIn(stage: Stage): Promise<readonly string[]> {
  const rows = await stage.rows<{ id: string; reason: string }>(`SELECT instrument_id id, close_reason reason FROM positions WHERE state = 'closed' AND entry_quantity > 0 ORDER BY instrument_id`);
  return rows.map(({ id, reason }) => `${baseOf(id)} ${reason}`);
}

export async function guardOf(stage: Stage): Promise<GuardState> {
  const [row] = await stage.rows<{ state: Readonly<Record<string, unknown>> }>('SELECT state FROM guard_state');
  return guardStateOf(row?.state ?? {});
}

export interface EventFact {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Events of the emergency stop, oldest first. */
export async function emergencyEvents(stage: Stage): Promise<readonly EventFact[]> {
  return await stage.rows<EventFact>(`SELECT type, payload FROM domain_events WHERE type LIKE 'emergency%' ORDER BY seq`);
}

/** Lowest equity that a cycle saw below the highest before it, as a share of that, %. */
export async function lossPct(stage: Stage): Promise<number> {
  const cycles = await stage.rows<CycleRow>(CYCLES);
  let [peak, worst] = [0, 0];
  for (const { observation: { account } } of cycles) {
    peak = Math.max(peak, Number(account.equity));
    worst = Math.max(worst, (100 * (peak - Number(account.equity))) / peak);
  }
  return worst;
}
