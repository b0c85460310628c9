import { expect, it } from 'vitest';
import { createShownHistory } from '../../../activities/shown-history.ts';
import type { ErrorCode } from '../../../domain/errors.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { portOf } from '../../support/ports.ts';
import { INSTRUMENT } from '../domain/cycle/plan.fixture.ts';

/** A venue that lists one symbol and answers every question with this error. */
function refusedWith(code: ErrorCode) {
  const warned: object[] = [];
  const refuse = async (): Promise<never> => { throw new KeelError(code, 'no'); };
  const history = createShownHistory({ warn: (fields) => void warned.push(fields), venue: portOf<Venue>({ fills: refuse, orderHistory: refuse, lookUp: refuse, instruments: async () => [INSTRUMENT] }) });
  const readings = (instrumentId: string) => [history.fills({ instrumentId, since: 0 }), history.orderHistory({ instrumentId, since: 0 }), history.lookUp({ instrumentId, clientOrderId: 'x', book: 'plain' })] as const;
  return { warned, readings };
}

it('of a symbol that is refused and not listed any more nothing is told', async () => {
  const { warned, readings } = refusedWith('VENUE_REFUSED');
  expect(await Promise.all(readings('OLD-USDT-PERP'))).toEqual([[], [], null]);
  expect(warned).toEqual([{ instrumentId: 'OLD-USDT-PERP', error: 'no' }]);
});

it('a refused symbol is looked for in the list once, and again when it was told of meanwhile', async () => {
  const warned: object[] = [];
  let [isTold, lists] = [false, 0];
  const history = createShownHistory({
    warn: (fields) => void warned.push(fields),
    venue: portOf<Venue>({
      fills: async () => { if (!isTold) throw new KeelError('VENUE_REFUSED', 'no'); return []; },
      instruments: async () => { lists += 1; return [INSTRUMENT]; },
    }),
  });
  const read = () => history.fills({ instrumentId: 'OLD-USDT-PERP', since: 0 });
  for (isTold of [false, false, true, false]) await read();
  expect([lists, warned.length]).toEqual([2, 2]);
});

it.each<[string, ErrorCode, string]>([
  ['a refusal of a symbol that is listed', 'VENUE_REFUSED', INSTRUMENT.id],
  ['a venue that does not answer', 'VENUE_UNREACHABLE', 'OLD-USDT-PERP'],
])('%s stays an error', async (_name, code, instrumentId) => {
  const { warned, readings } = refusedWith(code);
  for (const reading of readings(instrumentId)) await expect(reading).rejects.toMatchObject({ code });
  expect(warned).toEqual([]);
});
