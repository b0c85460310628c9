/** What a cycle knows beside candles, votes and account. Recorded with the observation, so that every decision can be made again. */
import type { DecimalString } from '../decimal.ts';
import type { Losses } from '../emergency/equity.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { Direction, Side } from '../orders/order.ts';
import type { ScoreWindows } from '../predictions/scores.ts';
import type { ReturnSeries } from '../risk/returns.ts';
import type { Regime } from './types.ts';

/** What the venue says of one symbol at the moment of the decision; null: it was not told. */
export interface VenueConditions {
  /** Quote currency, of the last 24 hours. */
  readonly volume24h: DecimalString | null;
  /** Between best bid and best ask, of the middle. */
  readonly spreadBps: number | null;
  /** Quote currency that the thinner side of the book holds within the policy's distance; null as well where nobody asked: only symbols that might open are. */
  readonly depth: DecimalString | null;
  readonly funding: {
    /** Basis points per 8 hours, whatever the venue's interval; positive: longs pay. */
    readonly rateBps: number;
    /** Market clock. */
    readonly nextAt: number;
    readonly intervalHours: number;
  } | null;
  /** The venue's own largest leverage. */
  readonly leverageMax: number | null;
}

export const NO_CONDITIONS: VenueConditions = { volume24h: null, spreadBps: null, depth: null, funding: null, leverageMax: null };

/**
 * The newest closed positions of one symbol, at most 100 of the last 30 days, after fees and before funding. Results are
 * multiples of what the first stop risked.
 */
export interface SymbolRecord {
  readonly trades: number;
  readonly wins: number;
  /** The newest ones up to the last that won, since the symbol was last enabled. */
  readonly lossesInARow: number;
  /** ≥ 0; 0 without a win. */
  readonly averageWinR: number;
  /** ≥ 0; 0 without a loss. */
  readonly averageLossR: number;
}

/** Closed positions of the portfolio. */
export interface TradeRecord {
  /** Quote currency, ≥ 0: the losses of the last 24 hours added up, gains not counted. */
  readonly grossLoss24h: DecimalString;
  /** The newest ones up to the last that won; counted up to 100. */
  readonly lossesInARow: number;
  /** Market clock; null: none. */
  readonly lastLossAt: number | null;
  /** Of symbols that might open. */
  readonly bySymbol: Readonly<Record<InstrumentId, SymbolRecord>>;
}

export const NO_RECORD: SymbolRecord = { trades: 0, wins: 0, lossesInARow: 0, averageWinR: 0, averageLossR: 0 };
export const NO_TRADES: TradeRecord = { grossLoss24h: '0', lossesInARow: 0, lastLossAt: null, bySymbol: {} };

/** A trade that is only watched, to see whether a disabled symbol has come to its senses. Prices are floats: no money moves. */
export interface PaperTrade {
  readonly direction: Direction;
  readonly stopPrice: number;
  readonly targetPrice: number;
}

/** What one cycle leaves for the next about a symbol. */
export interface SymbolMemory {
  readonly regime: Regime;
  /** Market clock: close time of the candle at which the regime began. */
  readonly since: number;
  /** What each of the newest candles looked like by itself, newest last. */
  readonly seen: readonly Regime[];
  /** Market clock; null: never. */
  readonly lastEntryAt: number | null;
  /** Null: it may trade. */
  readonly disabled: { readonly at: number; readonly paperWins: number; readonly paper: PaperTrade | null } | null;
  /** Market clock: when it was last enabled again; losses before that do not count any more. Null: never. */
  readonly enabledAt: number | null;
}

/** What one cycle leaves for the next: part of its plan, read back with the next observation. */
export interface CycleMemory {
  readonly symbols: Readonly<Record<InstrumentId, SymbolMemory>>;
  /** Sides of the newest signals that were acted on, newest last. */
  readonly sides: readonly Side[];
  /** Each voter's newest scores; absent before any was given. */
  readonly scores?: ScoreWindows;
}

export const NO_MEMORY: CycleMemory = { symbols: {}, sides: [] };

export interface RiskFacts {
  readonly trades: TradeRecord;
  /** As the sensors of the emergency stop see them at this look: net of transfers. Null: not known. */
  readonly losses: Losses;
  readonly conditions: Readonly<Record<InstrumentId, VenueConditions>>;
  /** Why the venue's conditions are not known; null: they are. */
  readonly venueProblem: string | null;
  /** Of symbols that are held or might open. */
  readonly returns: Readonly<Record<InstrumentId, ReturnSeries>>;
  /** What the account holds beyond our positions, by symbol and side, at the mark price. Quote currency, > 0. */
  readonly foreign: readonly { readonly instrumentId: InstrumentId; readonly direction: Direction; readonly notional: DecimalString }[];
  /** What other venues of the same portfolio hold; empty while it has one. Quote currency, gross. */
  readonly otherVenues: readonly { readonly venue: string; readonly notional: DecimalString }[];
  readonly memory: CycleMemory;
  /** Outcomes so far of acting predictions, by label version. Absent in cycles from before they were counted. */
  readonly priors?: Readonly<Record<string, ClassCounts>>;
  /** Orders that the portfolio sent within the last minute, or is about to send. Absent in cycles from before they were counted. */
  readonly ordersSent?: number;
}

/** How many outcomes were of each class. */
export interface ClassCounts {
  readonly buy: number;
  readonly sell: number;
  readonly hold: number;
}
