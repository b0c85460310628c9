import { describe, expect, it } from 'vitest';
import type { GuardState } from '../../../../domain/emergency/guard.ts';
import { applyGuard, ARMED } from '../../../../domain/emergency/guard.ts';
import { NORMAL_LIMITS } from '../../../../domain/emergency/limits.ts';
import type { RiskSight, WatchContext, WatchMemory } from '../../../../domain/emergency/watch.ts';
import { lookAtRisk, NOTHING_SEEN, watchMemoryOf } from '../../../../domain/emergency/watch.ts';

const CONTEXT: WatchContext = {
  guard: ARMED, limits: NORMAL_LIMITS, isReplay: false, trustsStream: false,
  ledger: { stopOuts: 0, executionErrors: 0, ledgerDiffers: null, transferred: '10000', incomeReadAt: 0, callsTold: [] },
};
const MINUTE = 60_000;
const STOPPED = applyGuard(ARMED, { kind: 'trip', cause: { trigger: 'openLoss', reason: 'open loss', by: 'keel', severity: 'critical' }, at: 1 }).state;

function account(minute: number, walletBalance: string, equity: string = walletBalance, unrealized: Record<string, string> = {}): RiskSight {
  return { at: minute * MINUTE, seenAt: minute * MINUTE, money: { kind: 'account', walletBalance, equity, unrealized }, machinery: null };
}
function balance(minute: number, walletBalance: string, more: { isTransfer?: boolean; unrealized?: Record<string, string | null> } = {}): RiskSight {
  return { at: minute * MINUTE, seenAt: minute * MINUTE, money: { kind: 'balance', isTransfer: false, unrealized: {}, ...more, walletBalance }, machinery: null };
}
const BEGUN = lookAtRisk(NOTHING_SEEN, [account(0, '10000')], CONTEXT).memory;
const drawdownOf = (memory: WatchMemory, sights: RiskSight[], context: WatchContext = CONTEXT) => lookAtRisk(memory, sights, context).losses.drawdownBps;

describe('losses', () => {
  it('that the venue confirms trip at once, with what was seen', () => {
    expect(lookAtRisk(BEGUN, [account(1, '10000', '9000', { 'BTC both': '-1000' })], CONTEXT).command).toMatchObject({ kind: 'trip', cause: { trigger: 'dailyLoss', reason: 'daily loss 10.00 %, allowed below 10.00 %' } });
    expect(lookAtRisk(BEGUN, [account(1, '10000', '9001')], CONTEXT).command).toBeNull();
  });

  it('that the stream alone tells are doubted until the venue is asked, unless it cannot be', () => {
    const doubtful = lookAtRisk(BEGUN, [balance(1, '8900')], CONTEXT);
    expect([doubtful.command, doubtful.isDoubtful]).toEqual([null, true]);
    expect(lookAtRisk(doubtful.memory, [account(1, '8900')], CONTEXT).command).toMatchObject({ kind: 'trip' });
    expect(lookAtRisk(doubtful.memory, [account(1, '10000')], CONTEXT)).toMatchObject({ command: null, isDoubtful: true }); // one of the two is behind
    expect(lookAtRisk(BEGUN, [balance(1, '8900')], { ...CONTEXT, trustsStream: true }).command).toMatchObject({ kind: 'trip' });
  });

  it('are told by events from the wallet and what each holding is worth', () => {
    const held = lookAtRisk(BEGUN, [account(1, '10000', '9900', { 'BTC both': '-60', 'ETH both': '-40' })], CONTEXT).memory;
    const closed = lookAtRisk(held, [balance(2, '9930', { unrealized: { 'BTC both': null } })], CONTEXT);
    expect(closed.memory.equity.last?.equity).toBe(9_890); // 70 lost on BTC, 40 still open on ETH
    expect(lookAtRisk(closed.memory, [balance(1, '10000')], CONTEXT).memory).toEqual(closed.memory); // an event that comes late
  });

  it('in lockstep count also where their event bears the last moment of the candle that the look closed', () => {
    const lockstep = { ...CONTEXT, isReplay: true };
    const closed = lookAtRisk(BEGUN, [account(60, '10000')], lockstep).memory;
    const told = lookAtRisk(closed, [{ ...balance(60, '8900'), at: 60 * MINUTE - 1 }], lockstep);
    expect(told).toMatchObject({ isDoubtful: true, memory: { wallet: '8900', equity: { last: { at: 60 * MINUTE, equity: 8_900 } } } });
    expect(lookAtRisk(told.memory, [account(60, '8900')], lockstep).command).toMatchObject({ cause: { trigger: 'dailyLoss' } });
  });

  it('of what is open trip by their share of equity', () => {
    const sight = account(1, '15000', '13500', { 'BTC both': '-1500' });
    const richer = lookAtRisk({ ...NOTHING_SEEN }, [account(0, '15000', '13600', { 'BTC both': '-1400' }), sight], CONTEXT);
    expect(richer.command).toMatchObject({ cause: { trigger: 'openLoss' } });
  });

  it('that were over before the last of several events still trip', () => {
    const look = lookAtRisk(BEGUN, [balance(1, '8900'), balance(2, '9900')], { ...CONTEXT, trustsStream: true });
    expect(look.command).toMatchObject({ kind: 'trip' });
    expect(look.memory.wallet).toBe('9900');
  });
});

describe('in lockstep a look that comes before its event', () => {
  const context = { ...CONTEXT, isReplay: true };
  const events = [balance(1, '10990'), balance(1, '15990', { isTransfer: true }), balance(1, '14990', { isTransfer: true })];
  const seen = account(1, '14990');
  const foldedIn = (sights: RiskSight[]): WatchMemory => lookAtRisk(BEGUN, sights, context).memory;

  it('tells the same afterwards as one that comes behind it, however many events there are', () => {
    const { equity, wallet, transferred, ahead } = foldedIn([...events, seen]);
    expect([equity.peak, equity.dayStart?.equity, wallet, transferred, ahead]).toEqual([14_990, 14_000, '14990', '14000', null]);
    expect(foldedIn([seen, ...events])).toMatchObject({ equity, wallet, transferred, ahead: null });
    expect(foldedIn([seen, seen, ...events, seen])).toMatchObject({ equity, transferred, ahead: null });
    expect(lookAtRisk(BEGUN, [seen, events[0] as RiskSight], context).memory.ahead).not.toBeNull();
  });

  it('of a deposit counts it neither twice nor as a loss, also when the list of income tells of it first', () => {
    const sights = [account(1, '15000'), balance(1, '15000', { isTransfer: true }), account(2, '15000')];
    const read = { ...context, ledger: { ...context.ledger, transferred: '15000', incomeReadAt: 10 * MINUTE } };
    expect(drawdownOf(foldedIn(sights), [account(11, '15000')], read)).toBe(0);
    expect(drawdownOf(foldedIn([account(1, '15000')]), [account(11, '15000'), account(12, '15000')], read)).toBe(0);
    expect(drawdownOf(foldedIn([account(1, '15000')]), [account(11, '15000'), account(12, '13500')], read)).toBe(1_000);
  });

  it('of a withdrawal is doubted until the stream has spoken: no trip, and none in falling back', () => {
    const gone = balance(1, '8500', { isTransfer: true });
    const early = lookAtRisk(BEGUN, [account(1, '8500')], context);
    expect(early).toMatchObject({ command: null, isDoubtful: true });
    expect(lookAtRisk(early.memory, [account(1, '8500')], { ...context, trustsStream: true }).command).toBeNull(); // the stream told of no loss
    const told = lookAtRisk(early.memory, [gone, account(2, '8500')], context);
    expect(told).toMatchObject({ command: null, isDoubtful: false, losses: { dailyLossBps: 0, drawdownBps: 0 } });
    expect(told.memory.equity).toEqual(foldedIn([gone, account(2, '8500')]).equity);
    const cause = { trigger: 'drawdown', reason: 'x', by: 'keel', severity: 'critical' } as const;
    const guard: GuardState = { ...applyGuard(ARMED, { kind: 'trip', cause, at: 1 }).state, mode: 'protective' };
    expect(lookAtRisk(BEGUN, [account(1, '8500'), gone], { ...context, guard }).command).toBeNull();
  });

  it('of a loss trips with that event, once the venue confirms it or does not answer', () => {
    const early = lookAtRisk(BEGUN, [account(1, '8500')], context).memory;
    const told = lookAtRisk(early, [balance(1, '8500')], context);
    expect(told).toMatchObject({ command: null, isDoubtful: true });
    expect(lookAtRisk(told.memory, [account(1, '8500')], context).command).toMatchObject({ cause: { reason: 'daily loss 15.00 %, allowed below 10.00 %' } });
    expect(lookAtRisk(told.memory, [{ ...account(1, ''), money: null }], { ...context, trustsStream: true }).command).toMatchObject({ kind: 'trip' });
  });

  it('of a deposit takes no step back from a stop', () => {
    const lost = lookAtRisk(BEGUN, [balance(1, '8800'), account(1, '8800')], { ...context, guard: ARMED });
    expect(lost.command).toMatchObject({ kind: 'trip' });
    const cause = { trigger: 'drawdown', reason: 'x', by: 'keel', severity: 'critical' } as const;
    const guard: GuardState = { ...applyGuard(ARMED, { kind: 'trip', cause, at: 1 }).state, mode: 'emergency', resetBy: 'ada' };
    const dwelt = [account(2, '9800'), account(60, '9800')];
    const stepped = (sights: RiskSight[]) => lookAtRisk(lost.memory, sights, { ...context, guard }).command;
    expect(stepped([balance(2, '9800'), ...dwelt])).toMatchObject({ kind: 'step', to: 'protective' });
    expect(stepped(dwelt)).toBeNull();
    expect(stepped([account(2, '9800'), balance(2, '9800', { isTransfer: true }), account(60, '9800')])).toBeNull();
  });
});

describe('money that comes or goes is neither profit nor loss', () => {
  it('told by the stream', () => {
    const deposited = [balance(1, '15000', { isTransfer: true }), account(2, '15000')];
    expect(drawdownOf(BEGUN, deposited)).toBe(0);
    expect(drawdownOf(BEGUN, [...deposited, account(3, '15000', '14250')])).toBeCloseTo(500); // of 15,000, not of 10,000
    expect(drawdownOf(BEGUN, [balance(1, '5000', { isTransfer: true }), account(2, '5000')])).toBe(0);
  });

  it('seen at the venue before the stream tells: the look tells nothing', () => {
    const early = lookAtRisk(BEGUN, [account(1, '15000')], CONTEXT);
    expect(early.memory.equity.peak).toBe(10_000);
    expect(drawdownOf(early.memory, [balance(1, '15000', { isTransfer: true }), account(1.1, '15000')])).toBe(0);
    const withdrawn = lookAtRisk(BEGUN, [account(1, '5000')], CONTEXT);
    expect(withdrawn.command).toBeNull();
  });

  it('missed by the stream: the list of income tells, once it was read since', () => {
    const doubted = lookAtRisk(BEGUN, [account(1, '15000')], CONTEXT).memory;
    const notRead = lookAtRisk(doubted, [account(2, '15000')], CONTEXT);
    expect(notRead.memory.wallet).toBe('10000');
    const read = { ...CONTEXT, ledger: { ...CONTEXT.ledger, transferred: '15000', incomeReadAt: 1.5 * MINUTE } };
    const known = lookAtRisk(notRead.memory, [account(2, '15000'), account(3, '15000', '13600')], read);
    expect(known.losses.drawdownBps).toBeCloseTo(933.33, 1);
  });

  it('taken, and missed by the stream: no loss once the list of income tells', () => {
    const doubted = lookAtRisk(BEGUN, [account(1, '5000')], CONTEXT).memory;
    const read = { ...CONTEXT, ledger: { ...CONTEXT.ledger, transferred: '5000', incomeReadAt: 1.5 * MINUTE } };
    expect(lookAtRisk(doubted, [account(2, '5000')], read)).toMatchObject({ command: null, losses: { dailyLossBps: 0, drawdownBps: 0, recoveryDrawdownBps: 0 } });
  });

  it('an older list of income does not undo what the stream told', () => {
    const { memory } = lookAtRisk(BEGUN, [balance(1, '15000', { isTransfer: true })], CONTEXT);
    const again = lookAtRisk(memory, [account(1.05, '15000')], { ...CONTEXT, ledger: { ...CONTEXT.ledger, incomeReadAt: MINUTE - 1 } });
    expect([again.losses.drawdownBps, again.memory.transferred]).toEqual([0, '15000']);
    const later = lookAtRisk(again.memory, [account(5, '15000')], { ...CONTEXT, ledger: { ...CONTEXT.ledger, transferred: '15000', incomeReadAt: 4 * MINUTE } });
    expect(later.losses.drawdownBps).toBe(0);
  });
});

it('recovery goes by the high of its window alone, the trigger by the peak', () => {
  const later = 25 * 60;
  expect(lookAtRisk(BEGUN, [account(later, '10000', '9500')], CONTEXT).losses).toMatchObject({ drawdownBps: 500, recoveryDrawdownBps: 0 });
  expect(lookAtRisk(BEGUN, [account(23 * 60, '10000', '9500')], CONTEXT).losses).toMatchObject({ drawdownBps: 500, recoveryDrawdownBps: 500 });
});

describe('machinery', () => {
  const sight = (machinery: Partial<NonNullable<RiskSight['machinery']>>): RiskSight => ({ at: 1, seenAt: 1, money: null, machinery: { worker: 'w', venueCalls: 0, venueFailures: 0, feedAgeMs: 0, isFeedCorrupt: false, health: 'ok', ...machinery } });

  it('trips, is told once, and is remembered by looks that do not know of it', () => {
    const first = lookAtRisk(BEGUN, [sight({ venueCalls: 30, venueFailures: 20 })], CONTEXT);
    expect(first.command).toMatchObject({ cause: { trigger: 'venueCalls' } });
    expect(lookAtRisk(first.memory, [account(1, '10000')], CONTEXT).command).toBeNull();
    expect(lookAtRisk(lookAtRisk(first.memory, [sight({})], CONTEXT).memory, [sight({ venueCalls: 30, venueFailures: 20 })], CONTEXT).command).toMatchObject({ kind: 'trip' });
  });

  it.each([
    ['others alone failed',           { venueCalls: 14 },                    [{ worker: 'x', venueCalls: 6, venueFailures: 6 }],                                                         '6 of 20'],
    ['a little of each',              { venueCalls: 8, venueFailures: 2 },   [{ worker: 'x', venueCalls: 6, venueFailures: 2 }, { worker: 'y', venueCalls: 6, venueFailures: 2 }], '6 of 20'],
    ['it told of its own before',     { venueCalls: 19, venueFailures: 19 }, [{ worker: 'w', venueCalls: 19, venueFailures: 19 }],                                                       null],
    ['others fare well',              { venueCalls: 20, venueFailures: 6 },  [{ worker: 'x', venueCalls: 1, venueFailures: 0 }],                                                         null],
  ])('counts calls of all workers, those of the one that looks as it knows them: %s', (_name, own, callsTold, said) => {
    const { command } = lookAtRisk(BEGUN, [sight(own)], { ...CONTEXT, ledger: { ...CONTEXT.ledger, callsTold } });
    expect(command).toEqual(said === null ? null : expect.objectContaining({ cause: expect.objectContaining({ trigger: 'venueCalls', reason: `${said} venue calls failed within 1 min` }) as unknown }));
  });

  it.each([
    ['stop-outs',        { stopOuts: 6 },            'stopOuts', true],
    ['execution errors', { executionErrors: 5 },     'executionErrors', false],
    ['a ledger that differs', { ledgerDiffers: 'ghostPosition' }, 'ledgerDiffers', false],
  ])('%s of the ledger trip; in a replay those of the market alone, unless the policy asks', (_name, ledger, trigger, isMarket) => {
    const context = { ...CONTEXT, ledger: { ...CONTEXT.ledger, ...ledger } };
    const tripped = expect.objectContaining({ cause: expect.objectContaining({ trigger }) as unknown }) as unknown;
    const lookedAt = (more: Partial<WatchContext>, at: RiskSight = sight({})) => lookAtRisk(BEGUN, [at], { ...context, ...more }).command;
    expect(lookedAt({})).toEqual(tripped);
    expect(lookedAt({ isReplay: true }, account(1, '10000'))).toEqual(isMarket ? tripped : null);
    expect(lookedAt({ isReplay: true, limits: { ...NORMAL_LIMITS, machineryInReplay: true } })).toEqual(tripped);
    expect(lookedAt({ isReplay: true })).toBeNull(); // a timer's moment decides nothing there
  });

  it('while it is stopped nothing trips again', () => {
    const { state: guard } = applyGuard(ARMED, { kind: 'trip', cause: { trigger: 'person', reason: 'x', by: 'ada', severity: 'critical' }, at: 0 });
    expect(lookAtRisk(BEGUN, [sight({ health: 'critical' })], { ...CONTEXT, guard }).command).toBeNull();
  });
});

it('what began to hold while it was stopped trips once trading is back, unless it is over', () => {
  const sight = (minute: number, more: object): RiskSight => ({ ...account(minute, '10000'), machinery: { worker: 'w', venueCalls: 0, venueFailures: 0, feedAgeMs: 0, isFeedCorrupt: false, health: 'ok', ...more } });
  const stopped = { ...CONTEXT, guard: STOPPED };
  const during = lookAtRisk(BEGUN, [sight(1, { isFeedCorrupt: true })], stopped);
  expect([during.command, during.memory.told]).toEqual([null, []]);
  expect(lookAtRisk(during.memory, [sight(2, { isFeedCorrupt: true })], CONTEXT).command).toMatchObject({ kind: 'trip', cause: { trigger: 'feed' } });
  expect(lookAtRisk(during.memory, [sight(2, {})], CONTEXT).command).toBeNull();
  const loss = lookAtRisk(BEGUN, [account(1, '10000', '8900', { 'BTC both': '-1100' })], stopped);
  expect([loss.command, loss.memory.told]).toEqual([null, ['dailyLoss', 'drawdown', 'openLoss']]); // recovery goes by the drawdown
});

it('in a replay no condition of the machinery hinders the way back', () => {
  const corrupt: RiskSight = { ...account(1, '10000'), machinery: { worker: 'w', venueCalls: 0, venueFailures: 0, feedAgeMs: 0, isFeedCorrupt: true, health: 'critical' } };
  const at = (minute: number): RiskSight => account(minute, '10000');
  const look = (isReplay: boolean) => lookAtRisk(BEGUN, [corrupt, at(2), at(60)], { ...CONTEXT, isReplay, guard: { ...STOPPED, mode: 'emergency', sealedAt: 1 } }).command;
  expect(look(true)).toMatchObject({ kind: 'step', to: 'protective' });
  expect(look(false)).toBeNull();
});

describe('recovery', () => {
  /** Stopped at 12 %, closed and sealed. */
  const tripped: GuardState = [
    { kind: 'trip', cause: { trigger: 'drawdown', reason: '12 %', by: 'keel', severity: 'critical' }, at: 0 } as const,
    { kind: 'flat', emergency: 1, round: 1, positionsClosed: 1, at: 1 } as const, { kind: 'sealed', emergency: 1, round: 1, at: 2 } as const,
  ].reduce((state, command) => applyGuard(state, command).state, ARMED);

  /** Looks every minute, and applies each command as the ledger does. */
  function walk(from: GuardState, equities: readonly (readonly [minutes: number, equity: string])[]) {
    let guard = from;
    let memory = BEGUN;
    let minute = 0;
    const steps: string[] = [];
    for (const [minutes, equity] of equities) {
      for (const until = minute + minutes; minute < until; minute += 1) {
        const look = lookAtRisk({ ...memory, wallet: equity }, [account(minute, equity)], { ...CONTEXT, guard });
        memory = look.memory;
        if (look.command === null) continue;
        const before = guard.mode;
        guard = applyGuard(guard, look.command).state;
        steps.push(`${minute}: ${before} > ${guard.mode}`);
      }
    }
    return { guard, memory, steps };
  }

  it('12 % to 8 % to 3 % to 1 % is three steps, each after its dwell', () => {
    expect(walk(tripped, [[10, '8800'], [20, '9200'], [20, '9700'], [20, '9900']]).steps).toEqual(['15: emergency > protective', '35: protective > cautious', '55: cautious > armed']);
  });

  it('a dwell begun before a round or cause changed does not count', () => {
    const { memory } = walk(tripped, [[1, '8800'], [4, '9200']]);
    expect(memory.better?.since).toBe(MINUTE);
    const other = { ...tripped, cause: { trigger: 'person', reason: 'x', by: 'ada', severity: 'critical' } as const, resetBy: 'ada' };
    expect(lookAtRisk(memory, [{ ...account(30, '9200') }], { ...CONTEXT, guard: other }).command).toBeNull();
  });

  it('falling back to the band of emergency trips again', () => {
    const { steps, guard } = walk(tripped, [[1, '8800'], [6, '9200'], [2, '8900']]);
    expect(steps).toEqual(['6: emergency > protective', '7: protective > tripping']);
    expect([guard.emergency, guard.round, guard.cause?.reason]).toEqual([1, 2, 'fell back: drawdown from the high 11.00 %']);
  });

  it('leaving emergency re-bases the peak of the drawdown', () => {
    const { memory } = walk(tripped, [[1, '8800'], [7, '9200']]);
    expect(memory.equity.peak).toBe(9_200);
  });
});

it('a stored memory is read whole, none as nothing seen', () => {
  expect(watchMemoryOf(JSON.parse(JSON.stringify(BEGUN)) as Record<string, unknown>)).toEqual(BEGUN);
  expect(watchMemoryOf(null)).toEqual(NOTHING_SEEN);
});
