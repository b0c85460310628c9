import { describe, expect, it } from 'vitest';
import { sweepUntilProven } from '../../../../client/emergency/direct.ts';
import type { Sweep } from '../../../../client/emergency/direct.ts';
import type { Survey } from '../../../../domain/emergency/survey.ts';
import { KeelError } from '../../../../domain/errors.ts';
import type { ErrorCode } from '../../../../domain/errors.ts';
import type { EmergencyOrder } from '../../../../domain/ports/ledger.ts';
import type { Sweeper } from '../../../../domain/ports/sweeper.ts';

const POSITION = { instrumentId: 'BTC-USDT-PERP', direction: 'long', quantity: '0.5', entryPrice: '100', markPrice: '100', unrealizedPnl: '0', positionSide: 'both' } as const;
const OPEN: Survey = { atMs: 0, targets: [{ position: POSITION, maxMarketQuantity: null, ours: null }], openings: [], leftovers: [] };
const clear = (atMs: number): Survey => ({ atMs, targets: [], openings: [], leftovers: [] });

/** Answers one after the other, the last one for ever. */
function sweeperOf(...answers: readonly (Survey | ErrorCode)[]): Sweeper & { readonly looks: () => number } {
  let looks = 0;
  return {
    looks: () => looks,
    survey: () => {
      const answer = answers[Math.min(looks, answers.length - 1)] ?? 'INVARIANT';
      looks += 1;
      return typeof answer === 'string' ? Promise.reject(new KeelError(answer, `the venue: ${answer}`)) : Promise.resolve(answer);
    },
    cancel: () => Promise.resolve(),
    close: (intents) => Promise.resolve(intents.map((it) => ({ clientOrderId: it.clientOrderId }) as EmergencyOrder)),
  };
}

function sweep(giveUpMs = 30_000): Sweep & { readonly sent: EmergencyOrder[] } {
  return { deployment: { id: 'abcde', portfolioId: 'live' }, known: () => ({ emergencyId: 'ess/live/1', foreign: 'close', ours: null, instrumentIds: [] }), sent: [], isFenceSettled: () => true, giveUpMs };
}

describe('closing at the venue from here', () => {
  it('goes on while the venue fails, refuses, asks to wait or answers nonsense, first look and later ones', async () => {
    const given = sweep();
    const sweeper = sweeperOf('VENUE_UNREACHABLE', 'RATE_LIMITED', OPEN, 'VENUE_REFUSED', 'VENUE_ANSWER_INVALID', clear(60_000), 'VENUE_UNREACHABLE', clear(70_000));
    await sweepUntilProven(sweeper, given);
    expect([sweeper.looks(), given.sent.length]).toEqual([8, 1]);
  });

  it.each<[string, readonly (Survey | ErrorCode)[], ErrorCode, string]>([
    ['it never answered', ['VENUE_UNREACHABLE'], 'VENUE_UNREACHABLE', 'what is open is not known; its last answer: the venue: VENUE_UNREACHABLE'],
    ['it stopped answering', [OPEN, 'RATE_LIMITED'], 'RATE_LIMITED', 'open at the last look: BTC-USDT-PERP long 0.5; its last answer'],
    ['it does not close', [OPEN], 'VENUE_REFUSED', 'open at the last look: BTC-USDT-PERP long 0.5; look at the account'],
    ['it is empty, and not long enough', [OPEN, clear(1)], 'VENUE_REFUSED', 'nothing was open at the last look, which proves nothing yet'],
  ])('gives up when the time is over and says what is open: %s', async (_name, answers, code, text) => {
    await expect(sweepUntilProven(sweeperOf(...answers), sweep(700))).rejects.toMatchObject({ code, message: expect.stringContaining(text) as string });
  });

  it('looks ever more seldom while it fails', async () => {
    const sweeper = sweeperOf('VENUE_UNREACHABLE');
    await expect(sweepUntilProven(sweeper, sweep(2_000))).rejects.toThrow('gave up after 2 s');
    expect(sweeper.looks()).toBe(3); // at 0, 300 and 900 ms
  });

  it('proves nothing before the fence is up, or known not to rise', async () => {
    let looks = 0;
    const sweeper = sweeperOf(OPEN, clear(60_000), clear(61_000), clear(62_000), clear(63_000), clear(90_000), clear(91_000));
    const given = { ...sweep(), isFenceSettled: () => (looks += 1) > 4 };
    await sweepUntilProven(sweeper, given);
    expect([sweeper.looks(), given.sent.length]).toEqual([7, 1]); // closed at the first; counted from the fifth on
  });

  it('stops at a bug', async () => {
    await expect(sweepUntilProven(sweeperOf('INVARIANT'), sweep())).rejects.toMatchObject({ code: 'INVARIANT' });
  });
});
