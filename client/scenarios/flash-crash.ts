import type { GuardState } from '../../domain/emergency/guard.ts';
import type { Check } from './checks.ts';
import { are, is, within } from './checks.ts';
import type { EventFact } from './facts.ts';
import { closedIn, emergencyEvents, guardOf, lossPct, openAtVenue } from './facts.ts';
import { scenario, SIZED_BY_RISK, WIDE_SPREADS } from './scenario.ts';

type AtVenue = Awaited<ReturnType<typeof openAtVenue>>;

export interface CrashSeen {
  readonly before: AtVenue;
  readonly after: AtVenue;
  readonly lossPct: number;
  readonly guard: Pick<GuardState, 'mode' | 'cause' | 'trippedAt' | 'flatAt' | 'sealedAt'>;
  readonly closed: readonly string[];
  readonly events: readonly EventFact[];
  /** How often the subscriber `alerts` told of `emergencyTriggered`. */
  readonly alerts: number;
}

const SYMBOLS = ['BTC', 'ETH', 'SOL'];
const FALL_PCT = -4;
const LOSSES = ['dailyLoss', 'drawdown', 'openLoss'];

export function judgeCrash({ before, after, lossPct: lost, guard, closed, events, alerts }: CrashSeen): readonly Check[] {
  const triggered = events.find((it) => it.type === 'emergencyTriggered');
  const cause = guard.cause?.trigger ?? 'none';
  const flatS = guard.flatAt === null || guard.trippedAt === null ? undefined : (guard.flatAt - guard.trippedAt) / 1_000;
  return [
    are('held before', SYMBOLS.map((symbol) => `${symbol} long`), before.positions),
    within('orders that rest beside them', { min: SYMBOLS.length, digits: 0 }, before.orders.length),
    within('equity that the crash takes', { min: 10, unit: '%' }, lost),
    is('the guard', 'emergency', guard.mode),
    { what: 'its cause', expected: LOSSES.join(' or '), seen: `${cause}: ${guard.cause?.reason ?? ''}`, ok: LOSSES.includes(cause) },
    are('held at the venue', [], after.positions),
    are('orders at the venue', [], after.orders),
    are('closed', SYMBOLS.map((symbol) => `${symbol} emergency`), closed),
    within('from trip to flat', { max: 5, unit: 's' }, flatS),
    are('events', ['emergencyTriggered', 'emergencyFlat', 'emergencySealed'], events.map((it) => it.type)),
    is('severity of the first', 'critical', triggered === undefined ? 'no event' : String(triggered.payload['severity'])),
    within('times that people were alerted', { min: 1, max: 1, digits: 0 }, alerts),
  ];
}

export const flashCrash = scenario<CrashSeen>({
  id: 3,
  name: 'flash crash that takes 10 % of equity: closed, cancelled, emergency, event, alert',
  // In high volatility stops lie 8 % and more away: a fall by 4 % leaves them where they are.
  market: { seed: 'crash', symbols: SYMBOLS, atrPct: 4, percentile: 90, history: 760, candles: 4 },
  strategy: 'flash-crash',
  // Three positions of one times equity each: far more than the default allows, so that one candle can take a tenth.
  policy: { ...SIZED_BY_RISK, ...WIDE_SPREADS, riskPerTradeBps: 1_000, sizeFactor: 3, leverageStopAtr: 0.1, var95MaxBps: 10_000, var99MaxBps: 10_000, shortfallMaxBps: 10_000 },
  play: async (stage) => {
    await stage.trade();
    const before = await openAtVenue(stage);
    for (const symbol of SYMBOLS) await stage.shock(symbol, FALL_PCT);
    await stage.trade();
    await stage.until('the emergency is sealed', async () => (await guardOf(stage)).mode === 'emergency');
    await stage.settled();
    const alerts = (): number => stage.log().match(/"alert":"critical","event":"emergencyTriggered"/g)?.length ?? 0;
    await stage.until('the alert is out', () => Promise.resolve(alerts() > 0));
    return { before, after: await openAtVenue(stage), lossPct: await lossPct(stage), guard: await guardOf(stage), closed: await closedIn(stage), events: await emergencyEvents(stage), alerts: alerts() };
  },
  judge: judgeCrash,
});
