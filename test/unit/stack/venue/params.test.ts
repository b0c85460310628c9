import { describe, expect, it } from 'vitest';
import { VenueError } from '../../../../stack/venue/errors.ts';
import { Params } from '../../../../stack/venue/params.ts';

function codeOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof VenueError) return error.code;
    throw error;
  }
}

describe('reading', () => {
  it('takes query and body together, decoded', () => {
    const params = Params.parse('symbol=BTCUSDT&list=%5B1%2C2%5D', 'note=a+b%20c');
    expect([params.text('symbol'), params.text('list'), params.text('note'), params.text('none')]).toEqual(['BTCUSDT', '[1,2]', 'a b c', undefined]);
  });

  it.each([
    ['a name twice', 'a=1&a=2', '', -1101],
    ['a name in query and body', 'a=1', 'a=1', -1101],
    ['broken percent encoding', 'a=%zz', '', -1100],
  ])('refuses %s', (_name, query, body, code) => {
    expect(codeOf(() => Params.parse(query, body))).toBe(code);
  });

  it('gives back what it read', () => {
    expect(Params.parse('symbol=BTCUSDT&note=a%20b').toQuery()).toBe('symbol=BTCUSDT&note=a%20b');
  });
});

describe('by kind', () => {
  it.each([
    ['a decimal', 'x=1.50', '1.50'],
    ['a negative decimal, which filters refuse', 'x=-1', '-1'],
    ['an exponent', 'x=1e5', -1100],
    ['letters', 'x=ten', -1100],
    ['two points', 'x=1.2.3', -1100],
    ['nothing', 'x=', -1102],
  ])('decimal: %s', (_name, query, expected) => {
    expect(codeOf(() => Params.parse(query).mandatoryDecimal('x'))).toBe(expected);
  });

  it.each([
    ['digits', 'x=15', 15],
    ['a fraction', 'x=1.5', -1100],
    ['nothing', '', -1102],
  ])('integer: %s', (_name, query, expected) => {
    expect(codeOf(() => Params.parse(query).mandatoryInteger('x'))).toBe(expected);
  });

  it.each([['true', true], ['TRUE', true], ['false', false], ['yes', -1130]])('boolean: %s', (text, expected) => {
    expect(codeOf(() => Params.parse(`x=${text}`).boolean('x'))).toBe(expected);
  });

  it.each([
    ['36 characters of every kind', `.A:/a_-${'9'.repeat(29)}`, undefined],
    ['37 characters', '9'.repeat(37), -4015],
    ['a space', 'a%20b', -1100],
    ['an umlaut', '%C3%A4', -1100],
  ])('client id: %s', (_name, text, expected) => {
    expect(codeOf(() => Params.parse(`x=${text}`).clientId('x'))).toBe(expected ?? text);
  });

  it.each([
    ['absent', '', 500],
    ['given', 'limit=7', 7],
    ['too large', 'limit=9999', 1_000],
    ['zero', 'limit=0', -1130],
  ])('limit: %s', (_name, query, expected) => {
    expect(codeOf(() => Params.parse(query).limit(500, 1_000))).toBe(expected);
  });

  it.each([
    ['seven days', 'startTime=0&endTime=604800000', { startTime: 0, endTime: 604_800_000 }],
    ['a millisecond more', 'startTime=0&endTime=604800001', -4165],
    ['backwards', 'startTime=2&endTime=1', -1023],
    ['one end', 'endTime=5', { endTime: 5 }],
  ])('period: %s', (_name, query, expected) => {
    expect(codeOf(() => Params.parse(query).period(7))).toEqual(expected);
  });
});
