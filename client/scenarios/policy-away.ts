import { run } from '../../db/pool.ts';
import { PRESETS } from '../../domain/policy/policy.ts';
import type { Policy } from '../../domain/policy/policy.ts';
import type { Check } from './checks.ts';
import { are, is, within } from './checks.ts';
import type { Decision } from './facts.ts';
import { decisionsOf, openAtVenue } from './facts.ts';
import { scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

export interface PolicyAwaySeen {
  readonly decisions: readonly Decision[];
  readonly held: readonly string[];
  /** Lines of the worker's log. */
  readonly warnings: number;
  readonly recoveries: number;
}

/** What `defensive` differs in. */
const CAPS = ['leverageMax', 'riskPerTradeBps', 'positionsMax', 'confidenceMin', 'notionalMax'] as const satisfies readonly (keyof Policy)[];
const HOURS = { before: 4, without: [5, 6], after: 7 } as const;

export function judgePolicyAway({ decisions, held, warnings, recoveries }: PolicyAwaySeen): readonly Check[] {
  const at = (symbol: string, hour: number): Decision | undefined => decisions.find((it) => it.symbol === symbol && it.hour === hour);
  const [before, during, refused, later, after] = [at('BTC', HOURS.before), at('ETH', HOURS.without[0]), at('SOL', HOURS.without[0]), at('SOL', HOURS.without[1]), at('SOL', HOURS.after)];
  return [
    is('BTC, while the policy is read', 'opened by version 2', outcomeOf(before)),
    within('its notional', { min: 501, max: 1_000, unit: 'USDT' }, before?.opened?.notional),
    is('ETH, while reads fail', 'opened by version 0', outcomeOf(during)),
    is('the policy then', 'builtIn', during?.policySource),
    ...CAPS.map((key) => is(`its ${key}`, String(PRESETS.defensive[key]), during === undefined ? undefined : String(during.policy[key]))),
    within('notional of ETH', { max: 500, unit: 'USDT' }, during?.opened?.notional),
    within('leverage of ETH', { max: 3, digits: 0, unit: '×' }, during?.opened?.leverage),
    is('SOL at confidence 0.55', 'confidence by version 0', outcomeOf(refused)),
    is('SOL again', 'confidence by version 0', outcomeOf(later)),
    is('SOL, when the policy is read again', 'opened by version 2', outcomeOf(after)),
    within('warnings, at least one each cycle without it', { min: HOURS.without.length, digits: 0 }, warnings),
    within('words that it is back', { min: 1, digits: 0 }, recoveries),
    are('held at the venue', ['BTC long', 'ETH long', 'SOL long'], held),
  ];
}

function outcomeOf(decision: Decision | undefined): string {
  return decision === undefined ? 'no decision' : `${decision.opened === null ? decision.reason : 'opened'} by version ${decision.policyVersion}`;
}

/** The fault: the view that the policy store reads is away, the rest of the ledger lives. It ends with the work, whatever comes of that. */
async function whilePolicyReadsFail(stage: Stage, work: () => Promise<void>): Promise<void> {
  const { pool } = stage.parts;
  await run(pool, 'take the policy away', { text: 'ALTER VIEW active_policy RENAME TO active_policy_away' });
  try {
    await work();
  } finally {
    await run(pool, 'give the policy back', { text: 'ALTER VIEW active_policy_away RENAME TO active_policy' });
  }
}

export const policyAway = scenario<PolicyAwaySeen>({
  id: 4,
  name: 'policy reads fail while the ledger lives: conservative defaults, trading goes on within them, warnings, recovery',
  market: { seed: 'policy', symbols: ['BTC', 'ETH', 'SOL'], atrPct: 2, percentile: 50, history: 760, candles: 6 },
  strategy: 'policy-away',
  policy: { lastGoodMaxS: 0 }, // no copy serves: the built-in policy holds at once
  play: async (stage) => {
    await stage.trade();
    await whilePolicyReadsFail(stage, () => stage.trade(HOURS.without.length));
    await stage.trade();
    const count = (said: RegExp): number => stage.log().match(said)?.length ?? 0;
    return { decisions: await decisionsOf(stage), held: (await openAtVenue(stage)).positions, warnings: count(/the policy cannot be read/g), recoveries: count(/the policy can be read again/g) };
  },
  judge: judgePolicyAway,
});
