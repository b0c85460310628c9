import type { Check } from './checks.ts';
import { are, is, within } from './checks.ts';
import type { Decision } from './facts.ts';
import { decisionsOf, openAtVenue } from './facts.ts';
import { scenario } from './scenario.ts';

export interface CorrelationSeen {
  readonly decisions: readonly Decision[];
  readonly held: readonly string[];
}

const HOURS = { first: 4, second: 5 } as const;

export function judgeCorrelation({ decisions, held }: CorrelationSeen): readonly Check[] {
  const at = (symbol: string, hour: number): Decision | undefined => decisions.find((it) => it.symbol === symbol && it.hour === hour);
  const [follower, apart, contrary] = ['ETH', 'SOL', 'XRP'].map((symbol) => at(symbol, HOURS.second));
  const last = follower?.steps.at(-1);
  const [, value, other] = /^([\d.]+) with (\w+)-/.exec(last?.value ?? '') ?? [];
  return [
    is('BTC', 'open', at('BTC', HOURS.first)?.outcome),
    is('ETH, a candle later, with it', 'refused', follower?.outcome),
    is('the step that refused', 'guard', last?.step),
    is('reason', 'correlation', follower?.reason),
    within(`its correlation with ${other ?? 'an open position'}`, { min: 0.8, digits: 3 }, value === undefined ? undefined : Number(value)),
    is('with whom', 'BTC', other),
    is('SOL, which moves apart', 'open', apart?.outcome),
    is('XRP, which moves with it, the other way round', 'open', contrary?.outcome),
    are('held at the venue', ['BTC long', 'SOL long', 'XRP short'], held),
  ];
}

export const correlation = scenario<CorrelationSeen>({
  id: 7,
  name: 'correlation above 0.8 with an open position: blocked',
  market: { seed: 'correlation', symbols: ['BTC', 'ETH', 'SOL', 'XRP'], atrPct: 2, percentile: 50, together: { symbols: ['BTC', 'ETH', 'XRP'], correlation: 0.92 }, history: 760, candles: 3 },
  strategy: 'correlation',
  policy: {},
  play: async (stage) => {
    await stage.trade(2);
    return { decisions: await decisionsOf(stage), held: (await openAtVenue(stage)).positions };
  },
  judge: judgeCorrelation,
});
