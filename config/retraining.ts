import type { RetrainRhythm } from '../domain/retraining/schedule.ts';
import type { Settings } from './settings.ts';

const DAY_MS = 86_400_000;
const DAYS = { daily: 1, weekly: 7, off: 1 } as const;

/** Between two retrains; where none happens by itself, as if daily: then a model is soon too old. */
export const retrainIntervalMs = ({ retrain }: Pick<Settings, 'retrain'>): number => DAYS[retrain] * DAY_MS;

/** On a market clock. Null: none by itself. */
export function retrainRhythmOf(settings: Pick<Settings, 'retrain' | 'retrainAt'>): RetrainRhythm | null {
  if (settings.retrain === 'off') return null;
  const { hour, minute } = retrainTimeOf(settings);
  return { everyMs: retrainIntervalMs(settings), offsetMs: (hour * 60 + minute) * 60_000 };
}

export function retrainTimeOf({ retrainAt }: Pick<Settings, 'retrainAt'>): { readonly hour: number; readonly minute: number } {
  const [hour = 0, minute = 0] = retrainAt.split(':').map(Number);
  return { hour, minute };
}

/** What users define, as the thread that trains loads it; an empty learner is none. */
export function trainingPartsOf({ features, strategies, label, learner }: Pick<Settings, 'features' | 'strategies' | 'label' | 'learner'>): Readonly<Record<'features' | 'strategy' | 'label' | 'learner', string>> {
  return { features, strategy: strategies, label, learner: learner ?? '' };
}
