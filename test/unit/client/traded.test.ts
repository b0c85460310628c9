import { describe, expect, it } from 'vitest';
import type { TradedQuery } from '../../../client/traded.ts';
import { tradedOf, unlistedOf } from '../../../client/traded.ts';
import type { Instrument } from '../../../domain/market/instrument.ts';
import { INSTRUMENT } from '../domain/cycle/plan.fixture.ts';

const instrument = (base: string): Instrument => ({ ...INSTRUMENT, id: base, base });
const [BTC, ETH, OLD] = [instrument('BTC'), instrument('ETH'), instrument('OLD')];
/** BTC and ETH are listed; OLD was. */
const query = (changes: Partial<TradedQuery>): TradedQuery => ({ listed: [BTC, ETH], wanted: [], open: [], stored: [], ...changes });

describe('what is traded', () => {
  it.each<[string, Partial<TradedQuery>, readonly string[], readonly string[]]>([
    ['all that is listed where nothing is named', {}, ['BTC', 'ETH'], []],
    ['what is named', { wanted: ['ETH'] }, ['ETH'], []],
    ['the others beside a symbol that was delisted', { wanted: ['BTC', 'OLD'], stored: [OLD] }, ['BTC'], ['the venue does not list OLD any more: it is not opened; KEEL_SYMBOLS need not name it']],
    ['a delisted one too while a position of it is open', { wanted: ['BTC', 'OLD'], open: ['OLD'], stored: [OLD] }, ['BTC', 'OLD'], ['the venue does not list OLD any more: it is not opened, and its open position is looked after']],
    ['also where all are traded', { open: ['OLD', 'OLD'], stored: [OLD] }, ['BTC', 'ETH', 'OLD'], ['the venue does not list OLD any more: it is not opened, and its open position is looked after']],
    ['also where it is not named any more', { wanted: ['BTC'], open: ['OLD'], stored: [OLD] }, ['BTC', 'OLD'], ['the venue does not list OLD any more: it is not opened, and its open position is looked after']],
    ['it alone, where nothing else is named', { wanted: ['OLD'], open: ['OLD'], stored: [OLD] }, ['OLD'], ['the venue does not list OLD any more: it is not opened, and its open position is looked after']],
  ])('%s', (_name, changes, instruments, notes) => {
    const traded = tradedOf(query(changes));
    expect([traded.instruments.map((it) => it.id), traded.notes]).toEqual([instruments, notes]);
  });

  it.each<[string, Partial<TradedQuery>, string]>([
    ['a name that was never listed', { wanted: ['BTC', 'SHELLS'] }, 'KEEL_SYMBOLS names SHELLS, which the venue does not trade; it trades BTC, ETH'],
    ['also beside one that was', { wanted: ['SHELLS', 'OLD'], stored: [OLD] }, 'KEEL_SYMBOLS names SHELLS, which'],
    ['nothing that is left of what is named', { wanted: ['OLD'], stored: [OLD] }, 'the venue does not list OLD any more, and KEEL_SYMBOLS names nothing else; it trades BTC, ETH'],
    ['a listed symbol that is left out while a position of it is open', { wanted: ['BTC'], open: ['ETH'] }, 'KEEL_SYMBOLS leaves out ETH'],
  ])('refuses %s', (_name, changes, words) => {
    expect(() => tradedOf(query(changes))).toThrow(expect.objectContaining({ code: 'SETTING_INVALID', message: expect.stringContaining(words) as string }));
  });
});

it('the ledger is asked about what is not listed, each once', () => {
  expect(unlistedOf(query({ wanted: ['BTC', 'OLD'], open: ['ETH', 'OLD', 'OLDER'] }))).toEqual(['OLD', 'OLDER']);
});
