/** What is explored, and which property each left-out guard must break. */
import type { GuardName, Scenario, Ticks } from './rules.ts';
import { Rules } from './rules.ts';
import type { Model } from './search.ts';
import { stepsOf } from './steps.ts';
import type { Property, World } from './world.ts';
import { byteLengthOf, decodeWorld, encodeWorld, initialWorld } from './world.ts';

/** The real durations in seconds: 3 s deadline, 2 s recvWindow, 1 s margin; looks 0.25 s apart count as one. */
export const REAL_TICKS: Ticks = { recvWindow: 2, attemptTimeout: 3, absenceMargin: 1, looksApart: 1, sealMargin: 2, skew: 1, lookLag: 1 };
/** Shorter, with the same order of events: two clocks and a look-up may still err together by less than the waits. */
export const SHORT_TICKS: Ticks = { recvWindow: 1, attemptTimeout: 1, absenceMargin: 2, looksApart: 1, sealMargin: 2, skew: 1, lookLag: 1 };

const BASE = { runs: 2, attemptsMax: 2, hasEmergency: false, hasResets: false, mayLedgerFail: false, without: null } as const;

/** An opening through the ledger, with resets. */
const OPENING: Scenario = { ...BASE, name: 'opening', leg: 'entry', ticks: REAL_TICKS, hasResets: true };
/** The same with an emergency stop, sealed, and a resume. */
const STOPPED: Scenario = { ...OPENING, name: 'opening, stop, seal and resume', hasEmergency: true };
/** A full close while the ledger comes and goes. Without resets: then the workflow's history is the only record. */
const CLOSE: Scenario = { ...BASE, name: 'full close, ledger comes and goes', leg: 'exit', ticks: REAL_TICKS, mayLedgerFail: true };

/** What `npm run explore` goes through: minutes on one core. */
export const WHOLE: readonly Scenario[] = [STOPPED, { ...OPENING, attemptsMax: 3 }, { ...OPENING, runs: 3 }, { ...CLOSE, attemptsMax: 3 }];
/** `-- --deep`: more of the same, ten minutes. */
export const DEEP: readonly Scenario[] = [{ ...OPENING, attemptsMax: 3, runs: 3 }, { ...CLOSE, attemptsMax: 3, runs: 3 }];
/** What the tests go through: seconds. The stop with shorter waits and without resets. */
export const QUICK: readonly Scenario[] = [{ ...STOPPED, ticks: SHORT_TICKS, hasResets: false }, OPENING, CLOSE];

export const PROPERTY_WORDS: Readonly<Record<Property, string>> = {
  twoOrders: 'two orders at the venue for one intent',
  resentInFlight: 'sent again while a copy might still arrive or had arrived',
  acceptedAfterSeal: 'an opening of before the resume was accepted after `sealed`',
  sealedOverOpen: '`sealed` was said over an open order or position',
  endsDisagree: 'the last state that is remembered differs from the venue\'s book',
};

/** @param watched the properties that are looked at. */
export function modelOf(scenario: Scenario, watched: readonly Property[]): Model<World> {
  const rules = new Rules(scenario, watched);
  return {
    initial: initialWorld(scenario.runs),
    byteLength: byteLengthOf(scenario.runs),
    encode: encodeWorld,
    decode: (bytes) => decodeWorld(bytes, scenario.runs),
    steps: (world, tell) => {
      stepsOf(world, rules, tell);
    },
    brokenBy: (world) => brokenBy(world, rules),
    isEnd,
  };
}

function isEnd(world: World): boolean {
  return world.flow.stage === 'done' && world.ghostProof === 0 && world.runs.every((run) => run.stage === 'free');
}

function brokenBy(world: World, rules: Rules): Property | null {
  if (world.broken !== 'none') return world.broken;
  return rules.watched.includes('endsDisagree') && isEnd(world) && !agrees(world, rules) ? 'endsDisagree' : null;
}

function agrees(world: World, rules: Rules): boolean {
  const { state } = rules.scenario.mayLedgerFail ? world.flow.memory : world.row;
  if (state === 'filled' || state === 'canceled') return world.venue.orders === 1 && world.venue.status === state;
  return world.venue.orders === 0;
}

export const ALL_PROPERTIES: readonly Property[] = ['twoOrders', 'resentInFlight', 'acceptedAfterSeal', 'sealedOverOpen', 'endsDisagree'];

/** Each guard with the world that needs it and the harm that its absence does. */
export const MUTANTS: readonly { readonly without: GuardName; readonly scenario: Scenario; readonly breaks: Property }[] = [
  { without: 'rowClaim', scenario: OPENING, breaks: 'twoOrders' },
  { without: 'newsOfAttempt', scenario: { ...OPENING, attemptsMax: 3 }, breaks: 'twoOrders' },
  { without: 'deadline', scenario: CLOSE, breaks: 'twoOrders' },
  { without: 'recvWindow', scenario: OPENING, breaks: 'twoOrders' },
  { without: 'signedBeforeClaim', scenario: OPENING, breaks: 'twoOrders' },
  { without: 'absenceWait', scenario: OPENING, breaks: 'twoOrders' },
  { without: 'twoLooks', scenario: OPENING, breaks: 'twoOrders' },
  { without: 'lookTimedBefore', scenario: OPENING, breaks: 'twoOrders' },
  { without: 'memory', scenario: CLOSE, breaks: 'twoOrders' },
  { without: 'claimAhead', scenario: { ...CLOSE, attemptsMax: 3 }, breaks: 'endsDisagree' },
  { without: 'fence', scenario: STOPPED, breaks: 'acceptedAfterSeal' },
  { without: 'epoch', scenario: STOPPED, breaks: 'acceptedAfterSeal' },
  { without: 'sealWait', scenario: STOPPED, breaks: 'acceptedAfterSeal' },
];
