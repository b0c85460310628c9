import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Circuit } from '../../../../domain/limits/circuit.ts';
import { admitted, answered, circuitNameOf, CLOSED, FAILURES_MAX, OPEN_MS } from '../../../../domain/limits/circuit.ts';

const after = (failures: number, at = 0): Circuit => Array.from({ length: failures }).reduce<Circuit>((circuit) => answered(circuit, true, at), CLOSED);

it.each<[string, Circuit, number, string, boolean]>([
  ['at first', CLOSED, 0, 'closed', true],
  ['after four failures', after(FAILURES_MAX - 1), 0, 'closed', true],
  ['after five', after(FAILURES_MAX), 0, 'open', false],
  ['just before it is tried again', after(FAILURES_MAX), OPEN_MS - 1, 'open', false],
  ['when it is tried again', after(FAILURES_MAX), OPEN_MS, 'halfOpen', true],
  ['after a success in between', answered(after(FAILURES_MAX - 1), false, 0), 0, 'closed', true],
])('%s', (_name, circuit, now, name, goes) => expect([circuitNameOf(circuit, now), admitted(circuit, now) !== null]).toEqual([name, goes]));

it('half-open lets one through: its success closes it, its failure opens it anew', () => {
  const probing = admitted(after(FAILURES_MAX), OPEN_MS) ?? CLOSED;
  expect(admitted(probing, OPEN_MS + 1)).toBeNull();
  expect(answered(probing, false, OPEN_MS + 1)).toEqual(CLOSED);
  const again = answered(probing, true, OPEN_MS + 1);
  expect([circuitNameOf(again, OPEN_MS + 2), circuitNameOf(again, 2 * OPEN_MS + 1)]).toEqual(['open', 'halfOpen']);
  expect(admitted(probing, OPEN_MS + 15_000)).not.toBeNull(); // a probe that was never answered for
});

it('is never open without so many failures in a row, and never refuses for ever', () => {
  const step = fc.record({ afterMs: fc.integer({ min: 0, max: 4_000 }), isFailure: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    let [circuit, now, inARow]: [Circuit, number, number] = [CLOSED, 0, 0];
    for (const { afterMs, isFailure } of steps) {
      now += afterMs;
      const next = admitted(circuit, now);
      if (next === null) expect(inARow).toBeGreaterThanOrEqual(FAILURES_MAX);
      else {
        circuit = answered(next, isFailure, now);
        inARow = isFailure ? inARow + 1 : 0;
      }
      expect(admitted(circuit, now + OPEN_MS)).not.toBeNull();
    }
  }));
});
