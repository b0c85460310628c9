import { expect, it } from 'vitest';
import { createAccountWatch } from '../../../activities/account-watch.ts';
import type { Engine } from '../../../activities/feeds.ts';
import type { TripCause } from '../../../domain/emergency/types.ts';
import type { AccountEvent, Venue, VenueAccount } from '../../../domain/ports/venue.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import { createCallCounter } from '../../../venues/call-counter.ts';
import { portOf } from '../../support/ports.ts';
import { accountInMemory, AT_REST, guardInMemory } from './watch.fixture.ts';

const lost = (equity: string): VenueAccount => ({ ...AT_REST, equity, positions: [{ instrumentId: 'BTC-USDT-PERP', direction: 'long', quantity: '1', entryPrice: '1', markPrice: '1', unrealizedPnl: String(Number(equity) - 10_000), positionSide: 'both' }] });
const balance = (walletBalance: string, more: Partial<Extract<AccountEvent, { kind: 'balance' }>> = {}): AccountEvent => ({ kind: 'balance', eventId: 1, reason: 'ORDER', walletBalance, positions: [], at: 1_000, ...more });

function watching({ venue = {}, ...options }: { isReplay?: boolean; venue?: Partial<Venue> } = {}) {
  const guard = guardInMemory(options);
  const account = accountInMemory();
  const woken: string[] = [];
  const tripped: TripCause[] = [];
  let now = 1_000_000;
  const clock = () => now;
  const calls = createCallCounter({ clock, worker: 'here' });
  const watch = createAccountWatch({
    ledger: portOf<Ledger>(guard.ledger), venue: portOf<Venue>({ ...account.venue, ...venue }), calls, clock, health: { reading: () => Promise.resolve('ok') },
    engine: portOf<Engine>({ wakeGuard: async (id) => void woken.push(id), tripGuard: async (_id, cause) => void tripped.push(cause) }),
  }, 'sim');
  const cycleSees = ({ walletBalance, equity }: VenueAccount) => guard.ledger.watchRisk('sim', [{ at: 1_000, seenAt: now, money: { kind: 'account', walletBalance, equity, unrealized: {} }, machinery: null }], { trustsStream: false });
  return { watch, cycleSees, guard: guard.state, account, woken, tripped, calls, pass: (ms: number) => { now += ms; } };
}

it('prices that fall without any event are seen by its own looks, and the guard is woken', async () => {
  const { watch, guard, account, woken } = watching();
  await watch.look();
  account.set(lost('8900'));
  await watch.look();
  expect([guard.view.state.mode, guard.view.state.cause?.trigger, woken]).toEqual(['tripping', 'dailyLoss', ['sim']]);
});

it('a loss that only events tell is asked of the venue first', async () => {
  const { watch, guard, account } = watching();
  await watch.look();
  await watch.tell(balance('8900'));
  expect(guard.view.state.mode).toBe('armed'); // the venue says that all is well
  account.set({ ...AT_REST, walletBalance: '8900', equity: '8900' });
  await watch.tell(balance('8900'));
  expect(guard.view.state.mode).toBe('tripping');
});

it('a loss that events tell while the venue does not answer is believed', async () => {
  const { watch, guard, account } = watching();
  await watch.look();
  account.set(null);
  await watch.tell(balance('8900'));
  expect(guard.view.state.mode).toBe('tripping');
});

it.each([
  ['a withdrawal is no loss', 'WITHDRAW', 'armed'],
  ['a loss trips', 'ORDER', 'tripping'],
] as const)('in lockstep, what a look sees before its event waits for that: %s', async (_name, reason, mode) => {
  const { watch, guard, account, cycleSees } = watching({ isReplay: true });
  const gone = { ...AT_REST, walletBalance: '8500', equity: '8500' };
  account.set(gone);
  await cycleSees(AT_REST);
  await cycleSees(gone);
  expect(guard.view.state.mode).toBe('armed');
  await watch.tell(balance('8500', { reason }));
  expect(guard.view.state.mode).toBe(mode);
});

it('money that is booked while the venue answers is later than that answer: its event is not taken for an old one', async () => {
  const market = { at: 1_000 };
  const { watch, guard } = watching({ venue: { marketTime: () => Promise.resolve(market.at), account: () => { market.at = 2_000; return Promise.resolve(AT_REST); } } });
  await watch.look(); // the answer is of 1,000, and the market stands at 2,000 when it is there
  await watch.tell(balance('9000', { at: 1_500, reason: 'WITHDRAW' }));
  expect(guard.view.memory.wallet).toBe('9000');
  expect([guard.view.state.mode, guard.view.memory.equity.peak]).toEqual(['armed', 9_000]); // a withdrawal is no loss
});

it('events that come together are folded together, none is lost', async () => {
  const { watch, guard } = watching();
  await watch.look();
  await Promise.all(Array.from({ length: 200 }, (_unused, at) => watch.tell(balance(String(10_000 + at)))));
  expect(guard.view.memory.equity.peak).toBe(10_199);
  expect(guard.folds.length).toBeLessThan(5);
});

it('while the ledger is away a loss reaches the guard through the engine; what was seen is told when it is back', async () => {
  const { watch, guard, account, tripped } = watching();
  await watch.look();
  guard.isDown = true;
  await watch.tell(balance('10500'));
  account.set({ ...lost('8900'), walletBalance: '10500' });
  await watch.look();
  expect(tripped.map((it) => it.trigger)).toEqual(['dailyLoss']);
  guard.isDown = false;
  account.set({ ...AT_REST, walletBalance: '10500', equity: '10500' });
  await watch.look();
  expect(guard.view.memory.equity.peak).toBe(10_500);
  expect(guard.folds.at(-1)).toBeGreaterThan(1);
});

it('a guard that trips and does not get on is woken again', async () => {
  const { watch, account, woken, pass } = watching();
  await watch.look();
  account.set(lost('8900'));
  for (let look = 0; look < 4; look += 1, pass(2_000)) await watch.look();
  expect(woken).toHaveLength(2);
});

it('a silent or broken stream and failing calls are told', async () => {
  const silent = watching();
  silent.pass(301_000);
  await silent.watch.look();
  expect(silent.guard.view.state.cause?.trigger).toBe('feed');

  const broken = watching();
  broken.watch.broken();
  await broken.watch.look();
  expect(broken.guard.view.state.cause?.reason).toMatch(/cannot be understood/);

  const failing = watching();
  for (let call = 0; call < 20; call += 1) failing.calls.count(call < 6);
  await failing.watch.look();
  expect(failing.guard.view.state.cause?.trigger).toBe('venueCalls');
  failing.pass(61_000);
  expect(failing.calls.within(60_000)).toEqual({ venueCalls: 0, venueFailures: 0 });
});

it('calls that others told of count, until the ledger is away: then its own alone tell how the venue fares now', async () => {
  const { watch, guard, calls, tripped } = watching();
  guard.view = { ...guard.view, readings: { ...guard.view.readings, callsTold: [{ worker: 'there', venueCalls: 1_000, venueFailures: 0 }, { worker: 'here', venueCalls: 1_000, venueFailures: 1_000 }] } };
  for (let call = 0; call < 20; call += 1) calls.count(true);
  await watch.look();
  expect(guard.view.state.mode).toBe('armed'); // 20 of 1,020
  guard.isDown = true;
  await watch.look();
  expect(tripped).toMatchObject([{ trigger: 'venueCalls', reason: '20 of 20 venue calls failed within 1 min' }]);
});

it('an open stream is heard although nothing happens on the account', async () => {
  const { watch, guard, pass } = watching();
  for (let look = 0; look < 5; look += 1) {
    pass(100_000);
    watch.heard();
    await watch.look();
  }
  expect(guard.view.state.mode).toBe('armed');
});

it('in lockstep a look by the wall clock neither asks for prices nor decides', async () => {
  const { watch, guard, account } = watching({ isReplay: true });
  account.set(lost('8900'));
  await watch.look();
  expect([account.asked(), guard.view.state.mode, guard.view.memory.equity.peak]).toEqual([0, 'armed', null]);
});
