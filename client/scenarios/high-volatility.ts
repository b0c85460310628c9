import type { Policy } from '../../domain/policy/policy.ts';
import type { Check } from './checks.ts';
import { are, is, within } from './checks.ts';
import type { Decision } from './facts.ts';
import { decisionsOf, openAtVenue } from './facts.ts';
import { scenario, SIZED_BY_RISK, WIDE_SPREADS } from './scenario.ts';

export interface VolatileSeen {
  readonly decisions: readonly Decision[];
  /** After the first candle. */
  readonly held: readonly string[];
}

/** The candle of the staged votes; what the built-in voters say counts at each. */
const FIRST_HOUR = 4;
const STAGED = ['BTC', 'ETH', 'SOL'];
/** Of a normal market: the exits table, before scaling. */
const NORMAL_STOP_ATR = 1.5;
const SIGNALS_MIN = 50;

export function judgeVolatile({ decisions, held }: VolatileSeen): readonly Check[] {
  const staged = (symbol: string): Decision | undefined => decisions.find((it) => it.symbol === symbol && it.hour === FIRST_HOUR);
  const [low, middle, high] = STAGED.map(staged);
  const refused = low?.steps.find((it) => it.verdict === 'refused');
  return [
    within('ATR of price', { min: 3.99, max: 4.01, unit: '%' }, low?.atrPct),
    is('0.58, 0.60, 0.62 (BTC)', 'refused by the signal filter: confidence', refused === undefined ? low?.reason : `refused by the ${refused.step} filter: ${refused.code ?? ''}`),
    is('its mean and limit', 'buy, confidence 0.6000, limit ≥ 0.65', `${refused?.value ?? ''}, limit ${refused?.limit ?? ''}`),
    is('0.68, 0.72, 0.75 (ETH)', 'opened', middle?.opened === null ? middle.reason : 'opened'),
    is('its factor by little confidence', 0.5, middle?.opened?.factors['signal']),
    is('of 0.80, 0.80, 0.80 beside it (SOL)', 1, high?.opened?.factors['signal']),
    within('risk of ETH, with all other factors taken out', { min: 0.49, max: 0.5 }, unfactored(middle)),
    within('risk of SOL, likewise', { min: 0.98, max: 1 }, unfactored(high)),
    is('its exits are those of', 'highVol', middle?.opened?.exitRegime),
    within(`its stop, before scaling ${NORMAL_STOP_ATR} in a normal market`, { min: NORMAL_STOP_ATR + 0.01, unit: 'ATR' }, middle?.opened?.stopAtr),
    are('held at the venue', ['ETH long', 'SOL long'], held.filter((it) => STAGED.some((symbol) => it.startsWith(`${symbol} `)))),
    ...realVotes(decisions.filter((it) => !STAGED.includes(it.symbol) && it.steps.some((step) => step.step === 'signal'))),
  ];
}

/** The share of the policy's risk that a size takes, divided by every factor but the signal's. */
function unfactored(decision: Decision | undefined): number | undefined {
  const opened = decision?.opened ?? null;
  if (opened === null) return undefined;
  const others = Object.entries(opened.factors).filter(([name]) => name !== 'signal').reduce((product, [, factor]) => product * factor, 1);
  return opened.riskShare / others;
}

/** Signals of the built-in voters: each is held against the rule, counted again from its votes. */
function realVotes(signals: readonly Decision[]): readonly Check[] {
  const wrong = signals.filter((it) => saidOf(it) !== ruleOf(it)).map((it) => `${it.symbol} at ${it.hour}: ${saidOf(it)}, by the rule ${ruleOf(it)}`);
  const count = (prefix: string): string => {
    const some = signals.filter((it) => saidOf(it).startsWith(prefix)).length;
    return `${some} (${((100 * some) / Math.max(1, signals.length)).toFixed(0)} %)`;
  };
  const shares = [...new Set(signals.map((it) => saidOf(it).split(' ×')[0] ?? ''))].sort().map((said) => `${said} ${count(said)}`);
  return [
    within('signals of the built-in voters on that market', { min: SIGNALS_MIN, digits: 0 }, signals.length),
    within('whose ATR is high (3 % and more)', { min: 1, max: 1, digits: 2 }, signals.filter((it) => it.atrPct >= 3).length / Math.max(1, signals.length)),
    are('that went against the rule', [], wrong),
    { what: 'their shares', expected: 'reported', seen: shares.join(', '), ok: shares.length > 0 },
    within('that asked for a trade', { min: 1, digits: 0 }, signals.filter((it) => /^(passed|confidence)/.test(saidOf(it))).length),
  ];
}

/** What the record says of a signal: `passed × 0.5`, or its refusal's code. */
function saidOf({ steps }: Decision): string {
  const step = steps.find((it) => it.step === 'signal');
  if (step?.verdict === 'refused') return step.code ?? '';
  return `passed × ${/× ([\d.]+)$/.exec(step?.value ?? '')?.[1] ?? '?'}`;
}

/** The same by the rule, from the votes. @source risk.md, "From votes to an order", step 2 */
function ruleOf({ votes, atrPct, policy }: Decision): string {
  const spoken = votes.filter((vote) => vote.action !== 'abstain');
  if (spoken.length === 0) return 'noVotes';
  const camps = ['buy', 'sell', 'hold'].map((action) => spoken.filter((vote) => vote.action === action)).sort((a, b) => b.length - a.length);
  const [largest = [], second = []] = camps;
  if (largest.length === second.length) return 'tie';
  if (largest.length / spoken.length < policy.agreementMin) return 'agreement';
  const isHigh = atrPct >= policy.highVolatilityAtrBps / 100;
  if (largest[0]?.action === 'hold') return isHigh ? 'holdInHighVolatility' : 'hold';
  return ruleOfConfidence(largest.reduce((sum, vote) => sum + vote.confidence, 0) / largest.length, { isHigh, isAlone: spoken.length === 1, policy });
}

function ruleOfConfidence(mean: number, { isHigh, isAlone, policy }: { readonly isHigh: boolean; readonly isAlone: boolean; readonly policy: Policy }): string {
  if (mean < (isHigh ? Math.max(policy.highVolatilityConfidenceMin, policy.confidenceMin) : policy.confidenceMin)) return 'confidence';
  return `passed × ${(isAlone ? policy.soleSpeakerFactor : 1) * (isHigh && mean < policy.highVolatilityHalveBelow ? policy.highVolatilityFactor : 1)}`;
}

export const highVolatility = scenario<VolatileSeen>({
  id: 2,
  name: 'high volatility: ATR 4 %, three of four agree: 0.60 on average is rejected, 0.72 opens at half size with a wider stop',
  market: { seed: 'volatile', symbols: ['BTC', 'ETH', 'SOL', 'BNB', 'XRP', 'DOGE', 'ADA', 'LINK'], atrPct: 4, percentile: 90, trendAtr: 0.12, history: 760, candles: 21 },
  strategy: 'high-volatility',
  policy: { ...SIZED_BY_RISK, ...WIDE_SPREADS },
  play: async (stage) => {
    await stage.trade();
    const { positions } = await openAtVenue(stage);
    await stage.trade(19);
    return { decisions: await decisionsOf(stage), held: positions };
  },
  judge: judgeVolatile,
});
