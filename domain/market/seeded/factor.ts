/**
 * One source of returns: regimes (a Markov chain), a variance that clusters (GARCH(1,1) around the regime's level), fat
 * tails (Student's t), jumps. The market is one factor, each symbol has one of its own on top.
 */
import { normal, tailScale, uniform } from './prng.ts';
import type { PrngState } from './prng.ts';

export type Regime = 'trendUp' | 'trendDown' | 'range' | 'highVolatility' | 'crash';

interface RegimeShape {
  /** Per hour, in units of the factor's hourly volatility. */
  readonly drift: number;
  /** Volatility against the factor's usual one. */
  readonly volatility: number;
  readonly meanHours: number;
  /** Pull toward the level where the regime began, per hour. */
  readonly reversion: number;
  readonly next: readonly (readonly [Regime, number])[];
}

const REGIMES: Readonly<Record<Regime, RegimeShape>> = {
  trendUp: { drift: 0.09, volatility: 0.85, meanHours: 110, reversion: 0, next: [['range', 0.6], ['highVolatility', 0.2], ['trendDown', 0.17], ['crash', 0.03]] },
  trendDown: { drift: -0.1, volatility: 1.05, meanHours: 90, reversion: 0, next: [['range', 0.6], ['trendUp', 0.2], ['highVolatility', 0.17], ['crash', 0.03]] },
  range: { drift: 0, volatility: 0.75, meanHours: 120, reversion: 0.04, next: [['trendUp', 0.45], ['trendDown', 0.35], ['highVolatility', 0.18], ['crash', 0.02]] },
  highVolatility: { drift: 0, volatility: 2, meanHours: 36, reversion: 0.005, next: [['range', 0.5], ['trendUp', 0.3], ['trendDown', 0.2]] },
  crash: { drift: -0.9, volatility: 3.2, meanHours: 6, reversion: 0, next: [['highVolatility', 0.8], ['trendUp', 0.2]] },
};

const GARCH_ALPHA = 0.12;
const GARCH_BETA = 0.86;
const TAIL_DEGREES = 8;
/** Jumps a year and factor, and their size in hourly volatilities. */
const JUMPS_PER_HOUR = 40 / 8760;
const JUMP_SIZE = 5;
/** Toward the first level, per hour: keeps decades within bounds, invisible within months. */
const HOME_PULL = 2e-5;

/** Plain and copyable. */
export interface FactorState {
  regime: Regime;
  /** Log level, 0 at the start. */
  level: number;
  anchor: number;
  /** Of one candle, relative to the usual variance 1. */
  variance: number;
}

export function newFactor(): FactorState {
  return { regime: 'range', level: 0, anchor: 0, variance: 1 };
}

export interface FactorMove {
  /** Log return of each part of the candle. */
  readonly parts: Float64Array;
  /** Log jump between the previous close and this open. */
  readonly gap: number;
}

/**
 * Moves a factor by one candle.
 * @param volatility usual standard deviation of an hour's log return.
 * @param hours length of the candle.
 * @param parts written with the log returns of the candle's parts.
 */
export function moveFactor(state: FactorState, random: PrngState, settings: { volatility: number; hours: number }, parts: Float64Array): FactorMove {
  const { volatility, hours } = settings;
  const usual = volatility * Math.sqrt(hours);
  if (uniform(random) < 1 - Math.exp(-hours / REGIMES[state.regime].meanHours)) changeRegime(state, random);
  const shape = REGIMES[state.regime];
  const sigma = usual * Math.sqrt(state.variance) * tailScale(random, TAIL_DEGREES);
  const drift = (shape.drift * volatility - shape.reversion * (state.level - state.anchor) - HOME_PULL * state.level) * hours;
  let sum = 0;
  for (let i = 0; i < parts.length; i += 1) {
    const part = drift / parts.length + (sigma / Math.sqrt(parts.length)) * normal(random);
    parts[i] = part;
    sum += part;
  }
  let gap = 0;
  if (uniform(random) < JUMPS_PER_HOUR * hours) {
    const jump = JUMP_SIZE * volatility * normal(random) * Math.sqrt(state.variance);
    if (uniform(random) < 0.5) gap = jump;
    else {
      const at = Math.floor(uniform(random) * parts.length);
      parts[at] = (parts[at] ?? 0) + jump;
    }
    sum += jump;
  }
  state.level += sum;
  const surprise = Math.min(((sum - drift) / usual) ** 2, 25);
  state.variance = (1 - GARCH_ALPHA - GARCH_BETA) * shape.volatility ** 2 + GARCH_ALPHA * surprise + GARCH_BETA * state.variance;
  return { parts, gap };
}

function changeRegime(state: FactorState, random: PrngState): void {
  let dice = uniform(random);
  const { next } = REGIMES[state.regime];
  for (const [regime, probability] of next) {
    state.regime = regime;
    dice -= probability;
    if (dice < 0) break;
  }
  state.anchor = state.level;
  // A regime's volatility arrives at once; the variance only clusters around it.
  state.variance = 0.5 * state.variance + 0.5 * REGIMES[state.regime].volatility ** 2;
}
