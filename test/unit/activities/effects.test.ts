import { describe, expect, it } from 'vitest';
import type { CrashPoint, DeclaredEffects, Instrumentation } from '../../../activities/effects.ts';
import { crashPointsOf, instrument, LEDGER_METHODS, VENUE_METHODS } from '../../../activities/effects.ts';
import { KeelError } from '../../../domain/errors.ts';

const REGISTRY: DeclaredEffects = {
  submitOrder: { effects: ['ledger.claimSubmission', 'venue.submit'] },
  readQuote: { effects: [] },
};

/** A port with private state, so that binding matters. */
class Port {
  #calls: string[] = [];
  readonly label = 'port';
  calls(): readonly string[] {
    return this.#calls;
  }
  async submit(order: string): Promise<string> {
    this.#calls.push(`submit ${order}`);
    return `answer ${order}`;
  }
  async cancel(order: string): Promise<string> {
    this.#calls.push(`cancel ${order}`);
    return await this.submit(order);
  }
  async failing(): Promise<never> {
    throw new KeelError('VENUE_UNREACHABLE', 'no answer');
  }
}

function watched(options: Partial<Instrumentation> = {}): { port: Port; points: CrashPoint[] } {
  const points: CrashPoint[] = [];
  const port = instrument(new Port(), {
    portName: 'venue',
    methods: { submit: 'effect', cancel: 'effect', failing: 'effect', calls: 'read' },
    registry: REGISTRY,
    activity: () => 'submitOrder',
    onEffect: (point) => void points.push(point),
    ...options,
  });
  return { port, points };
}

describe('crashPointsOf', () => {
  it('lists before and after each declared effect of each activity', () => {
    expect(crashPointsOf(REGISTRY)).toEqual([
      'submitOrder/ledger.claimSubmission/before',
      'submitOrder/ledger.claimSubmission/after',
      'submitOrder/venue.submit/before',
      'submitOrder/venue.submit/after',
    ]);
  });
});

describe('the classification of methods', () => {
  it.each([
    ['claimSubmission', LEDGER_METHODS.claimSubmission, 'effect'],
    ['fence', LEDGER_METHODS.fence, 'read'],
    ['submit', VENUE_METHODS.submit, 'effect'],
    ['cancel', VENUE_METHODS.cancel, 'effect'],
    ['lookUp', VENUE_METHODS.lookUp, 'read'],
  ])('%s', (_name, kind, expected) => {
    expect(kind).toBe(expected);
  });
});

describe('instrument', () => {
  it('tells the hook before and after a declared effect and passes arguments and answer on', async () => {
    const { port, points } = watched();
    await expect(port.submit('a')).resolves.toBe('answer a');
    expect(points).toEqual(['submitOrder/venue.submit/before', 'submitOrder/venue.submit/after']);
  });

  it('stops before the effect when the hook throws', async () => {
    const { port } = watched({ onEffect: () => { throw new Error('stop here'); } });
    await expect(port.submit('a')).rejects.toThrow('stop here');
    expect(port.calls()).toEqual([]);
  });

  it('refuses an effect that the activity did not declare, before anything happens', async () => {
    const { port, points } = watched();
    await expect(port.cancel('a')).rejects.toMatchObject({ code: 'EFFECT_UNDECLARED' });
    expect(port.calls()).toEqual([]);
    expect(points).toEqual([]);
  });

  it.each([
    ['an activity without effects', 'readQuote'],
    ['an activity that is not in the registry', 'unheardOf'],
  ])('refuses every effect of %s', async (_name, activity) => {
    await expect(watched({ activity: () => activity }).port.submit('a')).rejects.toMatchObject({ code: 'EFFECT_UNDECLARED' });
  });

  it('watches nothing outside of an activity, and needs no hook', async () => {
    const outside = watched({ activity: () => undefined });
    await expect(outside.port.cancel('a')).resolves.toBe('answer a');
    expect(outside.points).toEqual([]);
    await expect(watched({ onEffect: null }).port.submit('b')).resolves.toBe('answer b');
  });

  it('passes reads and values through, and counts a call within the port as part of the outer effect', async () => {
    const { port, points } = watched({ registry: { submitOrder: { effects: ['venue.cancel'] } } });
    await port.cancel('a');
    expect(port.calls()).toEqual(['cancel a', 'submit a']);
    expect(port.label).toBe('port');
    expect(points).toEqual(['submitOrder/venue.cancel/before', 'submitOrder/venue.cancel/after']);
  });

  it('passes an error on, without saying that the effect is over', async () => {
    const { port, points } = watched({ registry: { submitOrder: { effects: ['venue.failing' as 'venue.submit'] } } });
    await expect(port.failing()).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE' });
    expect(points).toEqual(['submitOrder/venue.failing/before']);
  });
});
