/** What a cycle sees of learned sizing, and what of it holds. Recorded with the observation, so that every size can be made again. */
import { bookOf } from '../cycle/plan-book.ts';
import type { Observation } from '../cycle/types.ts';
import type { InstrumentId } from '../market/instrument.ts';
import { grossOf } from '../risk/book.ts';
import { isHighVolatility, mayOpen, signalOf } from '../signals/combine.ts';
import type { SizingChoice, SizingModel } from './model.ts';
import { chooseSize } from './model.ts';
import type { SizingMode } from './multipliers.ts';
import { NEUTRAL } from './multipliers.ts';
import type { SizingState } from './state.ts';

export interface LearnedSize extends SizingChoice {
  readonly state: SizingState;
}

export interface SizingSight {
  /** As the policy has it. */
  readonly mode: Exclude<SizingMode, 'off'>;
  /** What holds at this cycle: `primary` that may not be is `advise`. */
  readonly acts: Exclude<SizingMode, 'off'>;
  /** What is missing for the mode that the policy has; null: nothing. */
  readonly missing: string | null;
  /** Null: untrained. */
  readonly modelId: string | null;
  /** Symbols whose votes want a position. */
  readonly symbols: Readonly<Record<InstrumentId, LearnedSize>>;
}

/** Closed trades that `primary` asks for. */
export const TRADES_MIN = 300;

/** What is known of sizing beside the observation. */
export interface SizingFacts {
  /** The newest model; null: none. */
  readonly modelId: string | null;
  /** Lower 95 % bound of its gain over neutral where it did not learn, basis points of equity; null: not compared. */
  readonly boundBps: number | null;
  /** Why it was not compared with neutral; null: it was, or there is none. */
  readonly notCompared: string | null;
  /** Counted up to `TRADES_MIN`. */
  readonly closedTrades: number;
  /** A person said that it may be in charge. */
  readonly isAcknowledged: boolean;
  /** 0..1: wins among the newest closed positions; null without any. */
  readonly winRate: number | null;
  /** Quote currency, after fees: of positions closed within the last seven days. */
  readonly profit7d: number;
}

export type PrimaryFacts = Pick<SizingFacts, 'modelId' | 'boundBps' | 'notCompared' | 'closedTrades' | 'isAcknowledged'>;

/** What `primary` lacks; null: nothing. */
export function missingForPrimary({ modelId, boundBps, notCompared, closedTrades, isAcknowledged }: PrimaryFacts): string | null {
  if (modelId === null) return 'there is no model yet';
  if (closedTrades < TRADES_MIN) return `${closedTrades} of ${TRADES_MIN} closed trades`;
  if (notCompared !== null) return `it was not compared with neutral: ${notCompared}`;
  if (boundBps === null || !(boundBps > 0)) return `the lower 95 % bound of its gain over neutral is ${boundBps === null ? 'not known' : `${boundBps.toFixed(2)} bps`}, not above 0`;
  return isAcknowledged ? null : 'nobody has acknowledged it: `keel sizing acknowledge`';
}

/** @param model that of `facts.modelId`; null: untrained. */
export function sizingSightOf(mode: Exclude<SizingMode, 'off'>, observation: Observation, facts: SizingFacts, model: SizingModel | null): SizingSight {
  const missing = mode === 'primary' ? missingForPrimary(facts) : null;
  const states = statesOf(observation, facts);
  return {
    mode, acts: missing === null ? mode : 'advise', missing, modelId: facts.modelId,
    symbols: Object.fromEntries(states.map(([instrumentId, state]) => [instrumentId, { state, ...chooseSize(model, state) }])),
  };
}

const DAYS = 7;

function statesOf(observation: Observation, { winRate, profit7d }: SizingFacts): readonly (readonly [InstrumentId, SizingState])[] {
  const { account } = observation;
  const equity = Number(account.equity);
  const profit = profit7d + equity - Number(account.walletBalance);
  const exposure = equity > 0 ? rounded(grossOf(bookOf(observation).holdings) / equity) : null;
  const slopeBps = equity > 0 ? rounded((10_000 * profit) / equity / DAYS) : null;
  return observation.symbols.filter((it) => mayOpen(it, account)).map((symbol) => {
    const { action, confidence } = signalOf(symbol, account.policy);
    const { regime, volatility } = symbol.regime;
    return [symbol.instrument.id, {
      direction: action === 'buy' ? 'long' : 'short', regime, volatility: { percentile: volatility.percentile, isHigh: isHighVolatility(symbol, account.policy) },
      confidence: rounded(confidence), exposure, winRate, slopeBps,
    }];
  });
}

function rounded(value: number): number {
  return Number(value.toFixed(6));
}

/** What a symbol's size is multiplied with; null: nothing learned has a say. */
export function learnedFactorOf(sight: SizingSight | undefined, instrumentId: InstrumentId): number | null {
  const learned = sight?.symbols[instrumentId];
  if (sight === undefined || learned === undefined || sight.acts === 'shadow') return null;
  return sight.acts === 'advise' ? Math.min(NEUTRAL, learned.multiplier) : learned.multiplier;
}
