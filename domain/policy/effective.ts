/** What the plan reads: the stored policy under what the guard and the posture demand. The stricter number always wins. */
import type { DecimalString } from '../decimal.ts';
import { d } from '../decimal.ts';
import type { RecoveryMode } from '../emergency/types.ts';
import type { Policy } from './policy.ts';

/** The strictest first. */
export const POSTURES = ['critical', 'safe', 'normal', 'aggressive'] as const;
export type PostureName = (typeof POSTURES)[number];

/** What the guard demands. Null: it leaves that number to the policy. */
export interface GuardOverlay {
  readonly owner: 'guard';
  readonly emergencyMode: boolean;
  readonly allowNewTrades: boolean;
  readonly recovery: RecoveryMode;
  readonly notionalMax: DecimalString | null;
  readonly leverageMax: number | null;
  readonly confidenceMin: number | null;
}

/** What the oversight demands. */
export interface PostureOverlay {
  readonly owner: 'posture';
  readonly posture: PostureName;
  readonly allowNewTrades: boolean;
  readonly confidenceMin: number | null;
  /** On the size, ≥ 0; one of the governor's directives. */
  readonly sizeFactor: number | null;
  readonly positionsMax: number | null;
}

export type Overlay = GuardOverlay | PostureOverlay;
export type OverlayOwner = Overlay['owner'] | 'policy';

/** The numbers that an overlay may tighten. */
export const OVERLAID_KEYS = ['leverageMax', 'notionalMax', 'confidenceMin', 'positionsMax', 'allowNewTrades'] as const;
export type OverlaidKey = (typeof OVERLAID_KEYS)[number];

export interface EffectivePolicy {
  readonly policy: Policy;
  readonly emergencyMode: boolean;
  /** Multiplies the policy's `sizeFactor`: the smallest that an overlay demands, 1 when none does. */
  readonly sizeFactor: number;
  /** Who set each number that holds. */
  readonly owners: Readonly<Record<OverlaidKey | 'sizeFactor', OverlayOwner>>;
}

/**
 * The policy that holds now. Caps only tighten. A posture may enlarge sizes by no more than the policy's own
 * `aggressiveSizeFactor`, and the caps still hold.
 * @param policy the stored one.
 * @param overlays in force; none: the policy as it is. Of two that demand the same, the first is the owner.
 */
export function effectivePolicyOf(policy: Policy, overlays: readonly Overlay[]): EffectivePolicy {
  const leverage = strictest({ value: policy.leverageMax, owner: 'policy' }, overlays.map((it) => ({ owner: it.owner, value: it.owner === 'guard' ? it.leverageMax : null })), isLower);
  const notional = strictest({ value: policy.notionalMax, owner: 'policy' }, overlays.map((it) => ({ owner: it.owner, value: it.owner === 'guard' ? it.notionalMax : null })), (a, b) => d(a).lt(d(b)));
  const positions = strictest({ value: policy.positionsMax, owner: 'policy' }, overlays.map((it) => ({ owner: it.owner, value: it.owner === 'posture' ? it.positionsMax : null })), isLower);
  const confidence = strictest({ value: policy.confidenceMin, owner: 'policy' }, overlays.map((it) => ({ owner: it.owner, value: it.confidenceMin })), (a, b) => a > b);
  const trades = strictest({ value: policy.allowNewTrades, owner: 'policy' }, overlays.map((it) => ({ owner: it.owner, value: allows(it) })), (a, b) => !a && b);
  const factor = smallestFactor(policy, overlays);
  return {
    policy: { ...policy, leverageMax: leverage.value, notionalMax: notional.value, positionsMax: positions.value, confidenceMin: confidence.value, allowNewTrades: trades.value },
    emergencyMode: overlays.some((it) => it.owner === 'guard' && it.emergencyMode),
    sizeFactor: factor.value,
    owners: { leverageMax: leverage.owner, notionalMax: notional.owner, positionsMax: positions.owner, confidenceMin: confidence.owner, allowNewTrades: trades.owner, sizeFactor: factor.owner },
  };
}

interface Owned<T> {
  readonly value: T;
  readonly owner: OverlayOwner;
}

function strictest<T>(policy: Owned<T>, demands: readonly Owned<T | null>[], isStricter: (a: T, b: T) => boolean): Owned<T> {
  return demands.reduce<Owned<T>>((held, { value, owner }) => (value !== null && isStricter(value, held.value) ? { value, owner } : held), policy);
}

function isLower(a: number, b: number): boolean {
  return a < b;
}

function allows(overlay: Overlay): boolean {
  return overlay.allowNewTrades && !(overlay.owner === 'guard' && overlay.emergencyMode);
}

function smallestFactor(policy: Policy, overlays: readonly Overlay[]): Owned<number> {
  const demanded = overlays.flatMap((it) => (it.owner === 'posture' && it.sizeFactor !== null ? [{ owner: it.owner, value: it.sizeFactor }] : []));
  const [first, ...rest] = demanded;
  if (first === undefined) return { value: 1, owner: 'policy' };
  const smallest = strictest<number>(first, rest, isLower);
  return smallest.value > policy.aggressiveSizeFactor ? { value: policy.aggressiveSizeFactor, owner: 'policy' } : smallest;
}
