import type { Check } from './checks.ts';
import { are, is } from './checks.ts';
import type { Decision } from './facts.ts';
import { decisionsOf, openAtVenue } from './facts.ts';
import { scenario } from './scenario.ts';

export interface DisagreementSeen {
  readonly decisions: readonly Decision[];
  readonly held: readonly string[];
}

export function judgeDisagreement({ decisions, held }: DisagreementSeen): readonly Check[] {
  const [split, agreed] = ['BTC', 'ETH'].map((symbol) => decisions.find((it) => it.symbol === symbol));
  const last = split?.steps.at(-1);
  return [
    is('votes on BTC', '2 buy, 1 sell, 1 hold', (['buy', 'sell', 'hold'] as const).map((action) => `${split?.votes.filter((vote) => vote.action === action).length ?? 0} ${action}`).join(', ')),
    is('what became of it', 'refused', split?.outcome),
    is('reason', 'agreement', split?.reason),
    is('the step that refused', 'signal', last?.step),
    is('value and limit', 'buy, agreement 0.5000 of 4, limit ≥ 0.75', `${last?.value ?? ''}, limit ${last?.limit ?? ''}`),
    is('ETH, three of four', 'open', agreed?.outcome),
    are('held at the venue', ['ETH long'], held),
  ];
}

export const disagreement = scenario<DisagreementSeen>({
  id: 5,
  name: 'model disagreement 2/1/1: rejected with reason `agreement`',
  market: { seed: 'disagreement', symbols: ['BTC', 'ETH'], atrPct: 2, percentile: 50, history: 760, candles: 2 },
  strategy: 'disagreement',
  policy: {},
  play: async (stage) => {
    await stage.trade();
    return { decisions: await decisionsOf(stage), held: (await openAtVenue(stage)).positions };
  },
  judge: judgeDisagreement,
});
