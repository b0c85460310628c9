/** The strategies that Keel brings along. Each is an ordinary `defineStrategy`, as a user's own would be. */
import { WARMUP_CANDLES } from '../../domain/features/features.ts';
import { voteBreakout } from '../../domain/signals/breakout.ts';
import { voteMeanReversion } from '../../domain/signals/mean-reversion.ts';
import { votePatterns } from '../../domain/signals/patterns.ts';
import { voteTrend } from '../../domain/signals/trend.ts';
import type { Voter } from '../../domain/signals/voter.ts';
import type { Strategy } from '../define-strategy.ts';
import { defineStrategy } from '../define-strategy.ts';

function strategyOf(name: string, voters: readonly Voter[]): Strategy {
  return defineStrategy({ name, version: '1', warmupCandles: WARMUP_CANDLES, vote: (context) => voters.map((vote) => vote(context)) });
}

export const BUILT_IN: readonly Strategy[] = [
  strategyOf('ensemble', [voteTrend, voteMeanReversion, voteBreakout, votePatterns]),
  strategyOf('trend', [voteTrend]),
  strategyOf('mean-reversion', [voteMeanReversion]),
  strategyOf('breakout', [voteBreakout]),
  strategyOf('patterns', [votePatterns]),
];
