/** Where policies are kept. Implemented in `db/`, apart from the ledger: a cycle goes on while it cannot be read. */
import type { KeyChange, PolicyWish } from '../policy/change.ts';
import type { StoredPolicy } from '../policy/fallback.ts';
import type { PresetName } from '../policy/policy.ts';
import type { ReadPolicy } from '../policy/schema.ts';

/** `builtIn` is version 0, which holds when none can be read; `initial` is version 1. */
export type PolicyVersionKind = 'builtIn' | 'initial' | PolicyWish['kind'];

/** One version: what holds from it on, and how it came about. */
export interface PolicyVersion extends ReadPolicy {
  readonly version: number;
  readonly kind: PolicyVersionKind;
  /** Null for a change of single keys. */
  readonly preset: PresetName | null;
  readonly by: string;
  readonly because: string;
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  /** Against the version before. */
  readonly changes: readonly KeyChange[];
}

export interface PolicyChange {
  readonly portfolioId: string;
  /** Newest version that whoever asks had seen. */
  readonly seen: number;
  readonly wish: PolicyWish;
  readonly by: string;
  readonly because: string;
}

/** `unchanged`: it held already; no version was made. */
export interface PolicyChangeOutcome {
  readonly kind: 'changed' | 'unchanged';
  readonly version: PolicyVersion;
}

export interface PolicyStore {
  /** What holds by the newest version. Answers or fails within two seconds. @throws {KeelError} NOT_FOUND, DATABASE_UNREACHABLE, DATABASE_FAILED */
  active(portfolioId: string): Promise<StoredPolicy>;
  /** @throws {KeelError} NOT_FOUND, naming those that there are. */
  version(portfolioId: string, version: number): Promise<PolicyVersion>;
  /** Newest first, version 0 included. */
  history(portfolioId: string, limit: number): Promise<readonly PolicyVersion[]>;
  /**
   * One transaction: the next version, the event `policyChanged` and with it the audit record.
   * @throws {KeelError} POLICY_INVALID with every key, value and range, also those that are not valid in the newest version and that the wish leaves; POLICY_CONFLICT when somebody else changed the same keys since `seen`: look and repeat.
   */
  change(change: PolicyChange): Promise<PolicyChangeOutcome>;
}
