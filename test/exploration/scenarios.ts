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

/** An opening through the ledger, with stop, seal and resume, and resets. */
export const OPENING: Scenario = { ...BASE, name: 'an opening order', leg: 'entry', ticks: REAL_TICKS, hasEmergency: true, hasResets: true };
/** A full close while the ledger comes and goes. Without resets: then the workflow's history is the only record. */
export const EXIT: Scenario = { ...BASE, name: 'a full close while the ledger comes and goes', leg: 'exit', ticks: REAL_TICKS, mayLedgerFail: true };

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

const ORDERS_ONLY: Scenario = { ...OPENING, name: 'an opening order, without an emergency', hasEmergency: false };

/** Each guard with a world that needs it and the harm that its absence does. */
export const MUTANTS: readonly { readonly without: GuardName; readonly scenario: Scenario; readonly breaks: Property }[] = [
  { without: 'rowClaim', scenario: ORDERS_ONLY, breaks: 'twoOrders' },
  { without: 'newsOfAttempt', scenario: { ...ORDERS_ONLY, attemptsMax: 3 }, breaks: 'twoOrders' },
  { without: 'deadline', scenario: EXIT, breaks: 'twoOrders' },
  { without: 'recvWindow', scenario: ORDERS_ONLY, breaks: 'twoOrders' },
  { without: 'signedBeforeClaim', scenario: ORDERS_ONLY, breaks: 'twoOrders' },
  { without: 'absenceWait', scenario: ORDERS_ONLY, breaks: 'twoOrders' },
  { without: 'twoLooks', scenario: ORDERS_ONLY, breaks: 'twoOrders' },
  { without: 'lookTimedBefore', scenario: ORDERS_ONLY, breaks: 'twoOrders' },
  { without: 'memory', scenario: EXIT, breaks: 'twoOrders' },
  { without: 'fence', scenario: OPENING, breaks: 'acceptedAfterSeal' },
  { without: 'epoch', scenario: OPENING, breaks: 'acceptedAfterSeal' },
  { without: 'sealWait', scenario: OPENING, breaks: 'acceptedAfterSeal' },
];
