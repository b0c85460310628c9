import { fileURLToPath } from 'node:url';
import type { Policy } from '../../domain/policy/policy.ts';
import type { Check } from './checks.ts';
import type { ScenarioMarket } from './market.ts';
import type { Stage } from './stage.ts';

export interface Scenario {
  readonly id: number;
  readonly name: string;
  readonly market: ScenarioMarket;
  /** A file of strategies/. */
  readonly strategy: string;
  /** Over the preset `normal`. */
  readonly policy: Partial<Policy>;
  /** Plays it on a deployment that is up, and judges what was seen. */
  readonly perform: (stage: Stage) => Promise<readonly Check[]>;
}

/** Playing and judging apart: what is judged is plain data. */
export function scenario<Seen>({ play, judge, strategy, policy, ...rest }: Omit<Scenario, 'perform'> & { readonly play: (stage: Stage) => Promise<Seen>; readonly judge: (seen: Seen) => readonly Check[] }): Scenario {
  return { ...rest, policy: { ...NO_BOLDNESS, ...policy }, strategy: fileURLToPath(new URL(`strategies/${strategy}.ts`, import.meta.url)), perform: async (stage) => judge(await play(stage)) };
}

/** The posture `aggressive` would enlarge sizes and ask for more confidence where nothing is lost. */
const NO_BOLDNESS = { aggressiveDrawdownBps: 0 } as const satisfies Partial<Policy>;
/** So that sizes follow from risk alone: no cap by notional binds. */
export const SIZED_BY_RISK = { notionalMax: '1000000' } as const satisfies Partial<Policy>;
/** The simulated spread is 1 bp for each 1 % of ATR: in high volatility more than the 3 bps that are allowed. */
export const WIDE_SPREADS = { spreadBpsMax: 6 } as const satisfies Partial<Policy>;
