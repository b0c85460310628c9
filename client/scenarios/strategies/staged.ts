/** Votes that a scenario stages: which symbol hears what at which close. */
import type { Vote } from '../../../domain/cycle/types.ts';
import type { Strategy } from '../../../strategies/define-strategy.ts';
import { defineStrategy } from '../../../strategies/define-strategy.ts';

/** An action and its confidence. */
export type Said = readonly [Vote['action'], number];

/** By base, then by the hour (UTC) at which the candle closes. */
export type Script = Readonly<Record<string, Readonly<Record<number, readonly Said[]>>>>;

const HOUR_MS = 3_600_000;

/** @param otherwise votes on symbols that the script does not name; default: nobody speaks */
export function stagedStrategy(name: string, script: Script, otherwise: Strategy['vote'] = () => []): Strategy {
  return defineStrategy({
    name, version: '1', warmupCandles: 1,
    vote: (context) => {
      const hours = script[context.instrumentId.split('-')[0] ?? ''];
      if (hours === undefined) return otherwise(context);
      const closesAt = ((context.candles.at(-1)?.openTime ?? 0) / HOUR_MS + 1) % 24;
      return (hours[closesAt] ?? []).map(([action, confidence], at) => ({ voter: `voter${at + 1}`, version: '1', action, confidence, probabilities: null, because: 'staged' }));
    },
  });
}

/** Three who buy and one who does not agree. */
export function threeOfFour(...confidences: readonly [number, number, number]): readonly Said[] {
  return [...confidences.map((confidence): Said => ['buy', confidence]), ['sell', 0.6]];
}
