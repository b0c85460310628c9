/** A strategy is its user's own code: what it says is counted only as far as it can be. */
import type { Vote, VoteAction } from '../cycle/types.ts';
import { messageOf } from '../errors.ts';

/** Who speaks, for the abstention of one that failed altogether. */
interface Speaker {
  readonly name: string;
  readonly version: string;
}

const ACTIONS: ReadonlySet<unknown> = new Set<VoteAction>(['buy', 'sell', 'hold', 'abstain']);
const SUM_OFF_MAX = 1e-6;
const NAME_LENGTH_MAX = 100;

/**
 * A strategy's votes. One that cannot be counted is an abstention that says why: neither the symbol's other votes nor the
 * cycle's other symbols, and what it holds, depend on it. Deterministic.
 */
export function soundVotes(speaker: Speaker, vote: () => unknown): readonly Vote[] {
  let said: unknown;
  try {
    said = vote();
  } catch (error) {
    return [abstention(speaker, `the strategy failed: ${messageOf(error)}`)];
  }
  if (!Array.isArray(said)) return [abstention(speaker, `the strategy gave ${shown(said)}, not a list of votes`)];
  const votes = new Map<string, Vote>();
  for (const given of said as readonly unknown[]) {
    const sound = soundVote(speaker, given);
    const key = `${sound.voter}\0${sound.version}`;
    votes.set(key, votes.has(key) ? abstention({ name: sound.voter, version: sound.version }, 'spoke more than once') : sound);
  }
  return [...votes.values()];
}

function soundVote(speaker: Speaker, given: unknown): Vote {
  if (typeof given !== 'object' || given === null) return abstention(speaker, `the strategy gave ${shown(given)}, not a vote`);
  const vote = given as Vote;
  if (!isName(vote.voter) || !isName(vote.version)) return abstention(speaker, `a vote's voter and version are ${shown(vote.voter)} and ${shown(vote.version)}: each must be a text of 1 to ${NAME_LENGTH_MAX} characters`);
  const fault = faultOf(vote);
  if (fault !== null) return abstention({ name: vote.voter, version: vote.version }, fault);
  const { voter, version, action, confidence, probabilities, because } = vote;
  return { voter, version, action, confidence, probabilities, because };
}

function faultOf({ action, confidence, probabilities, because }: Vote): string | null {
  if (!ACTIONS.has(action)) return `said ${shown(action)}; allowed: ${[...ACTIONS].join(', ')}`;
  if (!isShare(confidence)) return `its confidence is ${shown(confidence)}; allowed: 0 to 1`;
  if (typeof because !== 'string') return `its reason is ${shown(because)}; it must be a text`;
  if (probabilities === null) return null;
  if (typeof probabilities !== 'object') return `its probabilities are ${shown(probabilities)}; allowed: null, or buy, sell and hold`;
  const { buy, sell, hold } = probabilities;
  const isOne = isShare(buy) && isShare(sell) && isShare(hold) && Math.abs(buy + sell + hold - 1) <= SUM_OFF_MAX;
  return isOne ? null : `its probabilities are ${shown(probabilities)}; each must be 0 to 1, and their sum 1`;
}

const isShare = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;
const isName = (value: unknown): boolean => typeof value === 'string' && value.length > 0 && value.length <= NAME_LENGTH_MAX && !value.includes('\0');

function abstention({ name, version }: Speaker, because: string): Vote {
  return { voter: name, version, action: 'abstain', confidence: 0, probabilities: null, because };
}

/** As people read it; JSON does not know NaN, undefined or a function. */
function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value, (_key, it: unknown) => (typeof it === 'number' && !Number.isFinite(it) ? String(it) : it)) : String(value);
}
