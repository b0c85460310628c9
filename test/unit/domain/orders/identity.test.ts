import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base32, CLIENT_ORDER_ID_PATTERN, clientOrderIdOf, intentIdOf, ownerOfClientOrderId } from '../../../../domain/orders/identity.ts';

const anyDeployment = fc.stringMatching(/^[a-z2-7]{5}$/);

describe('intentIdOf', () => {
  it('joins position, leg and revision', () => {
    expect(intentIdOf({ positionId: 'main/trend/1h/1700000000000/BTCUSDT', leg: 'entry', revision: 1 })).toBe('main/trend/1h/1700000000000/BTCUSDT/entry/1');
  });

  it('never gives two orders one name', () => {
    const anyParts = fc.record({ positionId: fc.string(), leg: fc.constantFrom('entry' as const, 'stop' as const, 'target' as const, 'exit' as const), revision: fc.integer({ min: 1, max: 99 }) });
    fc.assert(
      fc.property(anyParts, anyParts, (a, b) => {
        fc.pre(a.positionId !== b.positionId || a.leg !== b.leg || a.revision !== b.revision);
        return intentIdOf(a) !== intentIdOf(b);
      }),
    );
  });
});

describe('base32', () => {
  // RFC 4648, section 10, in lower case and without padding.
  it.each([['', ''], ['f', 'my'], ['fo', 'mzxq'], ['foo', 'mzxw6'], ['foob', 'mzxw6yq'], ['fooba', 'mzxw6ytb'], ['foobar', 'mzxw6ytboi']])('of %j is %j', (input, expected) => {
    expect(base32(new TextEncoder().encode(input))).toBe(expected);
  });
});

describe('clientOrderIdOf', () => {
  // Fixed for ever: an id that changes with a release would send every order in flight again. Computed apart (Python's hashlib and base64).
  it.each([
    ['main/trend/1h/1700000000000/BTCUSDT/entry/1', 'klabc23-6czegi5wsbpwkdbwu3o7pqarju'],
    ['p/stop/2', 'klabc23-h5pl6gnqdc5xwpmq6eq42bnfzi'],
    ['', 'klabc23-4oymiquy7qobjgx36tejs35zeq'],
  ])('of %j', (intentId, expected) => {
    expect(clientOrderIdOf('abc23', intentId)).toBe(expected);
  });

  it('has 34 characters that Binance takes, and is known as ours and by other deployments as theirs', () => {
    fc.assert(
      fc.property(anyDeployment, anyDeployment, fc.string({ unit: 'grapheme' }), (deploymentId, other, intentId) => {
        const id = clientOrderIdOf(deploymentId, intentId);
        expect(id).toHaveLength(34);
        expect(id).toMatch(CLIENT_ORDER_ID_PATTERN);
        expect(ownerOfClientOrderId(id, deploymentId)).toBe('ours');
        expect(ownerOfClientOrderId(id, other)).toBe(other === deploymentId ? 'ours' : 'otherDeployment');
      }),
    );
  });

  it('differs between deployments and between intents', () => {
    const ids = ['aaaaa', 'aaaab'].flatMap((deploymentId) => ['x/entry/1', 'x/entry/2', 'x/stop/1'].map((intentId) => clientOrderIdOf(deploymentId, intentId)));
    expect(new Set(ids).size).toBe(6);
  });

  it.each(['', 'abcd', 'abcdef', 'ABCDE', 'abcd1', 'ab-cd'])('refuses the deployment id %j', (deploymentId) => {
    expect(() => clientOrderIdOf(deploymentId, 'x')).toThrow(expect.objectContaining({ code: 'SETTING_INVALID' }));
  });
});

describe('ownerOfClientOrderId', () => {
  it.each([
    ['our own', 'klabc23-6czegi5wsbpwkdbwu3o7pqarju', 'ours'],
    ['another deployment', 'klabc24-6czegi5wsbpwkdbwu3o7pqarju', 'otherDeployment'],
    ['made by hand', 'web_12345', 'foreign'],
    ['made by ccxt', 'x-xcKtGhcu0123456789abcdef', 'foreign'],
    ['our prefix, too short', 'klabc23-6czegi5', 'foreign'],
    ['our prefix in upper case', 'KLabc23-6czegi5wsbpwkdbwu3o7pqarju', 'foreign'],
    ['empty', '', 'foreign'],
  ])('%s', (_name, clientOrderId, expected) => {
    expect(ownerOfClientOrderId(clientOrderId, 'abc23')).toBe(expected);
  });
});
