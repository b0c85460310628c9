import { expect, it } from 'vitest';
import { verdictText } from '../../../../client/verify/text.ts';
import type { Untold, Violation } from '../../../../domain/verify/facts.ts';

const BROKEN: Violation = { invariant: 2, name: 'a fill that nobody knows', subject: 'x', evidence: { quantity: '1', ids: [] } };
const OLD: Untold = { instrumentId: 'OLD-USDT-PERP', why: 'the venue does not list it any more and refuses its history (Invalid symbol.)' };

it.each<[string, readonly Violation[], readonly Untold[], readonly string[]]>([
  ['nothing', [], [], ['sim: 7 records checked, 0 violations']],
  ['a violation', [BROKEN], [], ['invariant 2: a fill that nobody knows', '    x', '    quantity: 1', '    ids: none', 'sim: 7 records checked, 1 violations']],
  ['a symbol that could not be compared', [], [OLD], [
    'not compared: orders and fills of OLD-USDT-PERP', `    ${OLD.why}; its holding, its open orders and the money were compared`,
    'sim: 7 records checked, 0 violations; 1 symbol not compared with the venue',
  ]],
])('%s is told', (_name, violations, notCompared, lines) => {
  expect(verdictText('sim', { checked: 7, violations, notCompared }).split('\n')).toEqual(lines);
});
