/** How much of its usual size trading may have now: every active directive gives a multiplier, the smallest wins. */
import type { TradeRecord } from '../cycle/risk-facts.ts';
import type { ModelSight } from '../cycle/types.ts';
import type { Policy } from '../policy/policy.ts';

export type DirectiveOwner = 'dailyLoss' | 'losingStreak' | 'recovery' | 'posture' | 'model';

export interface Directive {
  readonly owner: DirectiveOwner;
  /** ≥ 0; 0 blocks; null: nothing to say. */
  readonly multiplier: number | null;
  /** What it saw and where its limit is, for the record. */
  readonly value: string;
  readonly limit: string;
}

export interface Governed {
  readonly multiplier: number;
  /** Whose multiplier it is; `policy` when nobody says anything, `none` when no directive was computed. */
  readonly owner: DirectiveOwner | 'policy' | 'none';
  readonly directives: readonly Directive[];
}

export interface GovernorInput {
  /** Null: not known, which blocks. */
  readonly dailyLossBps: number | null;
  readonly trades: Pick<TradeRecord, 'lossesInARow' | 'lastLossAt'> | null;
  readonly closeTime: number;
  /** What recovery and posture lay over the policy; null: not known, which blocks. */
  readonly overlay: { readonly isEmergency: boolean; readonly sizeFactor: number | null } | null;
  /** Undefined: from before there were models, nothing to say. */
  readonly models: ModelSight | undefined;
  readonly policy: Policy;
}

const HOUR_MS = 3_600_000;

/**
 * A streak at its limit blocks until its last loss is as old as the recovery window (24 h): with nothing traded no win
 * could ever end it. From then on it shrinks, and one more loss blocks again.
 * @source risk.md, "From votes to an order", step 5.
 */
export function directivesOf({ dailyLossBps, trades, closeTime, overlay, models, policy }: GovernorInput): readonly Directive[] {
  return [dailyLossDirective(dailyLossBps, policy), streakDirective(trades, closeTime, policy), ...overlayDirectives(overlay), modelDirective(models, policy)];
}

function dailyLossDirective(lossBps: number | null, policy: Policy): Directive {
  const limit = `${policy.dailyLossMaxBps} bps of equity`;
  if (lossBps === null || !Number.isFinite(lossBps)) return { owner: 'dailyLoss', multiplier: 0, value: 'unknown', limit };
  const multiplier = lossBps >= policy.dailyLossMaxBps ? 0 : lossBps >= policy.dailyLossMaxBps * policy.dailyLossSlowShare ? policy.dailyLossSlowFactor : null;
  return { owner: 'dailyLoss', multiplier, value: `${lossBps.toFixed(1)} bps`, limit };
}

function streakDirective(trades: GovernorInput['trades'], closeTime: number, policy: Policy): Directive {
  const limit = `${policy.streakSlow} losses in a row shrink, ${policy.streakBlock} block`;
  if (trades === null) return { owner: 'losingStreak', multiplier: 0, value: 'unknown', limit };
  const { lossesInARow, lastLossAt } = trades;
  const isFresh = lastLossAt !== null && closeTime - lastLossAt < policy.recoveryWindowHours * HOUR_MS;
  const multiplier = lossesInARow >= policy.streakBlock && isFresh ? 0 : lossesInARow >= policy.streakSlow ? policy.streakSlowFactor : null;
  return { owner: 'losingStreak', multiplier, value: `${lossesInARow} losses in a row`, limit };
}

function overlayDirectives(overlay: GovernorInput['overlay']): readonly Directive[] {
  if (overlay === null) return [{ owner: 'recovery', multiplier: 0, value: 'unknown', limit: 'a known mode' }];
  return [
    { owner: 'recovery', multiplier: overlay.isEmergency ? 0 : null, value: overlay.isEmergency ? 'emergency' : 'none', limit: 'no emergency' },
    { owner: 'posture', multiplier: overlay.sizeFactor, value: overlay.sizeFactor === null ? 'none' : `× ${overlay.sizeFactor}`, limit: '-' },
  ];
}

/** The rules alone are what is left of what was relied on: they act, smaller. Who never had a model goes by rules at full size. */
function modelDirective(models: GovernorInput['models'], policy: Policy): Directive {
  const champion = models?.read.find((it) => it.role === 'champion');
  const isWithout = models?.hadChampion === true && champion?.state !== 'used';
  return { owner: 'model', multiplier: isWithout ? policy.withoutModelFactor : null, value: isWithout ? `no usable model: ${champion?.why ?? 'none is champion'}` : champion?.modelId ?? 'none', limit: 'a usable champion, once there was one' };
}

/** The smallest multiplier of those that say something. No directive at all blocks. */
export function govern(directives: readonly Directive[]): Governed {
  if (directives.length === 0) return { multiplier: 0, owner: 'none', directives };
  const speaking = directives.flatMap(({ owner, multiplier }) => (multiplier === null ? [] : [{ owner, multiplier }]));
  const [first, ...rest] = speaking;
  if (first === undefined) return { multiplier: 1, owner: 'policy', directives };
  const smallest = rest.reduce((least, it) => (it.multiplier < least.multiplier ? it : least), first);
  return { ...smallest, directives };
}
