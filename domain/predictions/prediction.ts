/** What a cycle foretold: one acting prediction per symbol, and one of each of its voters. Stored with the plan, before its use. */
import { roundTripCostOf } from '../cycle/open-plan.ts';
import { NO_CONDITIONS } from '../cycle/risk-facts.ts';
import type { ClassCounts, RiskFacts } from '../cycle/risk-facts.ts';
import type { AccountObservation, CyclePlan, Observation, Regime, SymbolDecision, SymbolObservation, Vote, VoteAction } from '../cycle/types.ts';
import { d } from '../decimal.ts';
import { exitDistancesOf } from '../exits/exit-plan.ts';
import type { InstrumentId } from '../market/instrument.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { Direction } from '../orders/order.ts';
import type { CombinedSignal } from '../signals/combine.ts';
import { signalOf } from '../signals/combine.ts';
import { expectedMoveBps, labelDefinitionOf, RULE_LABEL } from './label.ts';
import { rankIn, scoreKeyOf } from './scores.ts';
import type { ScoreWindows } from './scores.ts';

export interface Probabilities {
  readonly buy: number;
  readonly sell: number;
  readonly hold: number;
}

/** Times are of the market clock. */
export interface Prediction {
  /** `acting`: what the plan went by; `member`: one of the voices in it; `shadow`: of a model on trial, without a say; `requested`: asked for by a client, never traded. */
  readonly role: 'acting' | 'member' | 'shadow' | 'requested';
  readonly instrumentId: InstrumentId;
  /** Whose it is: a rule or a model; the acting one's is `strategy/<name>`. */
  readonly voter: string;
  readonly version: string;
  readonly featureSet: string | null;
  /** Of a trained model, float32, null where missing; a rule's inputs stand in the cycle's observation. */
  readonly featureVector: readonly (number | null)[] | null;
  /** Who abstains foretells nothing: no horizon, no outcome. */
  readonly action: VoteAction;
  /** 0..1: what the voter itself said. */
  readonly score: number;
  /** 0..1: how the score of a directional opinion ranks among the voter's last ones; of a hold, the score. */
  readonly confidence: number;
  /** Sum 1; null when it abstains. A rule's are the class priors seen so far. */
  readonly probabilities: Probabilities | null;
  readonly direction: Direction | null;
  /** Expected return, basis points, signed; before costs. */
  readonly magnitudeBps: number;
  readonly horizonCandles: number | null;
  readonly dueAt: number | null;
  readonly labelVersion: string | null;
  /** Standard deviation of the log returns of one candle, as known at the decision. */
  readonly sigma: number | null;
  /** Of a round trip. */
  readonly costBps: number;
  /** Distances of the exits that policy sets for it, from the price; null without a direction. */
  readonly stopBps: number | null;
  readonly targetBps: number | null;
  readonly regime: Regime;
  /** 0..100. */
  readonly dataQuality: number;
  /** Of the acting one: what each voice said. */
  readonly votes: readonly Pick<Vote, 'voter' | 'version' | 'action' | 'confidence'>[] | null;
  /** Of the acting one: what the plan did with it, and why. */
  readonly decision: SymbolDecision['outcome'] | null;
  readonly reason: string | null;
  /** One short phrase for people. */
  readonly because: string;
  /** Close of the candle. */
  readonly price: number;
}

/** What rules look at: the named indicator values of domain/features. */
const BY_RULES = { featureSet: 'indicators/1', featureVector: null };
/** How votes come to one signal: domain/signals/combine.ts. */
const COMBINATION_VERSION = '1';
/** Expected return = this × volatility × score. A rule is believed to be worth so little until outcomes tell. @source Grinold & Kahn, Active Portfolio Management, 2nd edition 2000, chapter 11: alpha = IC × volatility × score. */
const INFORMATION_COEFFICIENT = 0.05;

const NO_COUNTS: ClassCounts = { buy: 0, sell: 0, hold: 0 };

/** Shares of the classes among the outcomes so far, each counted once more than seen: none is impossible. */
export function priorsOf(priors: RiskFacts['priors'], labelVersion: string): Probabilities {
  const { buy, sell, hold } = priors?.[labelVersion] ?? NO_COUNTS;
  const total = buy + sell + hold + 3;
  return { buy: (buy + 1) / total, sell: (sell + 1) / total, hold: (hold + 1) / total };
}

/** Scores of this cycle's directional opinions, by whose they are: what the next cycle's confidence ranks among. */
export function scoresOf(observation: Pick<Observation, 'candle' | 'symbols'>, signals: ReadonlyMap<InstrumentId, CombinedSignal>): ReadonlyMap<string, readonly number[]> {
  const scores = new Map<string, number[]>();
  const add = (key: string, action: VoteAction, score: number): void => {
    const window = scores.get(key) ?? [];
    scores.set(key, window);
    if (action === 'buy' || action === 'sell') window.push(score);
  };
  for (const { instrument, votes } of observation.symbols) {
    for (const vote of votes) if (vote.model === undefined) add(scoreKeyOf(vote), vote.action, vote.confidence); // a model knows its own rank
    const signal = signals.get(instrument.id);
    if (signal !== undefined && votes.length > 0) add(scoreKeyOf(actingVoterOf(observation)), signal.action, signal.confidence);
  }
  return scores;
}

function actingVoterOf({ candle }: Pick<Observation, 'candle'>): Pick<Vote, 'voter' | 'version'> {
  return { voter: `strategy/${candle.strategy}`, version: COMBINATION_VERSION };
}

/** What predictions are made from: a cycle's record, or as much of one as there is without an account. */
export interface Foreseen extends Pick<Observation, 'candle' | 'symbols'> {
  readonly account: Pick<AccountObservation, 'policy'>;
  readonly risk: Pick<RiskFacts, 'conditions' | 'memory' | 'priors'>;
}

/** Every prediction of one cycle. Pure: the same record gives the same rows for ever. Symbols whose candles cannot be trusted have none. */
export function predictionsOf(observation: Foreseen, plan: Pick<CyclePlan, 'decisions'>): readonly Prediction[] {
  const decisions = new Map(plan.decisions.map((it) => [it.instrumentId, it]));
  const ranks = ranksIn(observation.risk.memory.scores ?? {});
  const priors = priorsOf(observation.risk.priors, RULE_LABEL.version);
  return observation.symbols.filter((it) => it.quality.tradable && it.votes.length > 0).flatMap((symbol) => {
    const base = baseOf(observation, symbol, { ranks, priors });
    const signal = signalOf(symbol, observation.account.policy);
    const decision = decisions.get(symbol.instrument.id);
    const acting = base(
      { ...actingVoterOf(observation), action: signal.code === 'noVotes' ? 'abstain' : signal.action, confidence: signal.confidence, probabilities: meanOf(symbol.votes, priors), because: `agreement ${signal.agreement.toFixed(2)} of ${signal.speakers}` },
      { role: 'acting', votes: symbol.votes.map(({ voter, version, action, confidence }) => ({ voter, version, action, confidence })), decision: decision?.outcome ?? null, reason: decision?.reason ?? null },
    );
    const apart = { votes: null, decision: null, reason: null };
    return [acting, ...symbol.votes.map((vote) => base(vote, { role: 'member', ...apart })), ...(symbol.served?.shadows ?? []).map((vote) => base(vote, { role: 'shadow', ...apart }))];
  });
}

type Part = Pick<Prediction, 'role' | 'votes' | 'decision' | 'reason'>;
interface Known {
  readonly ranks: (key: string) => (score: number) => number;
  readonly priors: Probabilities;
}

function ranksIn(windows: ScoreWindows): Known['ranks'] {
  const known = new Map<string, (score: number) => number>();
  return (key) => {
    const rank = known.get(key) ?? rankIn(windows[key]);
    known.set(key, rank);
    return rank;
  };
}

/** What all predictions of one symbol share. */
function baseOf({ candle, account, risk }: Foreseen, symbol: SymbolObservation, { ranks, priors }: Known): (vote: Vote, part: Part) => Prediction {
  const { instrument, regime, quality, features, candle: { close } } = symbol;
  const cost = roundTripCostOf(symbol, (risk.conditions[instrument.id] ?? NO_CONDITIONS).spreadBps);
  const sigma = symbol.sigma ?? null;
  const exitsAt = (confidence: number): Pick<Prediction, 'stopBps' | 'targetBps'> => {
    const exits = exitDistancesOf({ regime, atr: features['atr14'] ?? null, price: d(close > 0 ? close : 0), confidence, roundTripCost: cost, policy: account.policy });
    return exits === null ? { stopBps: null, targetBps: null } : { stopBps: (10_000 * Number(exits.stop)) / close, targetBps: (10_000 * Number(exits.target)) / close };
  };
  return (vote, part) => {
    const sign = vote.action === 'buy' ? 1 : vote.action === 'sell' ? -1 : 0;
    const isRule = vote.probabilities === null;
    const { model } = vote;
    const label = model === undefined ? RULE_LABEL : labelDefinitionOf(model.label);
    const hasSpoken = vote.action !== 'abstain';
    return {
      ...part, instrumentId: instrument.id, voter: vote.voter, version: vote.version, ...(model === undefined ? BY_RULES : { featureSet: symbol.served?.featureSet ?? null, featureVector: symbol.served?.vector ?? null }), action: vote.action, score: vote.confidence,
      confidence: sign !== 0 && (isRule || part.role === 'acting') ? ranks(scoreKeyOf(vote))(vote.confidence) : vote.confidence,
      probabilities: hasSpoken ? vote.probabilities ?? priors : null,
      direction: sign === 0 ? null : sign > 0 ? 'long' : 'short',
      magnitudeBps: sign === 0 ? 0 : expectedMoveBps(sigma, label.horizonCandles) * (model === undefined ? sign * INFORMATION_COEFFICIENT * vote.confidence : edgeOf(vote)),
      ...(hasSpoken ? { horizonCandles: label.horizonCandles, dueAt: candle.closeTime + label.horizonCandles * timeframeMs(candle.timeframe), labelVersion: label.version } : { horizonCandles: null, dueAt: null, labelVersion: null }),
      sigma, costBps: 10_000 * Number(cost), ...(sign === 0 ? { stopBps: null, targetBps: null } : exitsAt(vote.confidence)),
      regime: regime.regime, dataQuality: quality.score, because: vote.because, price: close,
    };
  };
}

/** What a model believes one side to be likelier than the other: about the share of an expected move that it expects. */
function edgeOf({ probabilities }: Vote): number {
  return probabilities === null ? 0 : probabilities.buy - probabilities.sell;
}

/** Mean over those who speak; the priors where nobody does. */
function meanOf(votes: readonly Vote[], priors: Probabilities): Probabilities {
  const spoken = votes.filter((it) => it.action !== 'abstain').map((it) => it.probabilities ?? priors);
  if (spoken.length === 0) return priors;
  const mean = (name: keyof Probabilities): number => spoken.reduce((sum, it) => sum + it[name], 0) / spoken.length;
  return { buy: mean('buy'), sell: mean('sell'), hold: mean('hold') };
}
