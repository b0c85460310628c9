import type { Check } from './checks.ts';
import { are, is, within } from './checks.ts';
import type { Decision } from './facts.ts';
import { decisionsOf, openAtVenue, protectedAtVenue } from './facts.ts';
import { scenario, SIZED_BY_RISK } from './scenario.ts';

export interface NormalSeen {
  readonly decisions: readonly Decision[];
  readonly held: readonly string[];
  readonly covered: readonly string[];
}

/** Everything on the size that stands for a reason to be careful. */
const CAREFUL = ['signal', 'spike', 'governor'] as const;

export function judgeNormal({ decisions, held, covered }: NormalSeen): readonly Check[] {
  const refusals = decisions.flatMap((it) => it.steps.filter((step) => step.verdict === 'refused').map((step) => `${it.symbol} ${step.code ?? ''}`));
  return [
    ...decisions.flatMap(({ symbol, atrPct, confidence, reason, opened }): Check[] => [
      within(`${symbol}: ATR of price`, { min: 1.99, max: 2.01, unit: '%' }, atrPct),
      within(`${symbol}: mean confidence`, { min: 0.7, max: 0.7 }, Number(confidence.toFixed(6))),
      is(`${symbol}: what became of it`, 'opened', opened === null ? reason : 'opened'),
      is(`${symbol}: size bound by`, 'risk', opened?.cappedBy),
      ...CAREFUL.map((name) => is(`${symbol}: factor of ${name}`, 1, opened?.factors[name])),
    ]),
    are('refusals', [], refusals),
    are('held at the venue', ['BTC long', 'ETH long'], held),
    are('covered by a working stop', ['BTC', 'ETH'], covered),
  ];
}

export const normalMarket = scenario<NormalSeen>({
  id: 1,
  name: 'normal market: ATR 2 %, three of four agree at 0.70: full size, nothing blocked',
  market: { seed: 'normal', symbols: ['BTC', 'ETH'], atrPct: 2, percentile: 50, history: 760, candles: 2 },
  strategy: 'normal-market',
  policy: SIZED_BY_RISK,
  play: async (stage) => {
    await stage.trade();
    return { decisions: await decisionsOf(stage), held: (await openAtVenue(stage)).positions, covered: await protectedAtVenue(stage) };
  },
  judge: judgeNormal,
});
