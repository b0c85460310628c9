import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Node } from '../../../../stack/supervisor/plan.ts';
import { inOrder, reversed, startOrder } from '../../../../stack/supervisor/plan.ts';

const node = (name: string, ...needs: string[]): Node => ({ name, needs });
const names = (nodes: readonly Node[]): string => nodes.map(({ name }) => name).join(' ');

describe('startOrder', () => {
  it.each([
    ['as given without needs', [node('a'), node('b')], 'a b'],
    ['needs first', [node('worker', 'db', 'engine'), node('engine'), node('db')], 'db engine worker'],
    ['over steps', [node('c', 'b'), node('b', 'a'), node('a')], 'a b c'],
    ['a diamond', [node('d', 'b', 'c'), node('b', 'a'), node('c', 'a'), node('a')], 'a b c d'],
  ])('%s', (_name, nodes, expected) => {
    expect(names(startOrder(nodes))).toBe(expected);
  });

  it.each([
    ['missing', [node('worker', 'database')], 'PROCESS_MISSING', '"worker" needs "database"'],
    ['itself', [node('a', 'a')], 'PROCESS_CIRCULAR', 'a → a'],
    ['circle', [node('x', 'a'), node('a', 'b'), node('b', 'c'), node('c', 'a')], 'PROCESS_CIRCULAR', 'a → b → c → a'],
    ['twice', [node('a'), node('a')], 'USAGE', 'declared twice'],
  ])('refuses: %s', (_name, nodes, code, words) => {
    expect(() => startOrder(nodes)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) as string }) as Error);
  });

  /** Any acyclic graph: a node needs only nodes before it; then shuffled. */
  const graphs = fc.integer({ min: 1, max: 12 }).chain((size) =>
    fc.tuple(...Array.from({ length: size }, (_unused, at) => fc.subarray(Array.from({ length: at }, (_none, before) => `n${before}`))))
      .map((needs) => needs.map((list, at) => node(`n${at}`, ...list)))
      .chain((nodes) => fc.shuffledSubarray(nodes, { minLength: size })));

  it('holds for any graph without circles: each comes after its needs, and reversed turns that round', () => {
    fc.assert(fc.property(graphs, (nodes) => {
      const order = startOrder(nodes).map(({ name }) => name);
      const stop = startOrder(reversed(nodes)).map(({ name }) => name);
      for (const { name, needs } of nodes) for (const need of needs) {
        expect(order.indexOf(need)).toBeLessThan(order.indexOf(name));
        expect(stop.indexOf(need)).toBeGreaterThan(stop.indexOf(name));
      }
      expect(new Set(order).size).toBe(nodes.length);
    }));
  });
});

describe('inOrder', () => {
  it('starts what is free at once and the rest when its needs are done', async () => {
    const log: string[] = [];
    const gates = new Map(['a', 'b', 'c'].map((name) => [name, Promise.withResolvers<void>()]));
    const done = inOrder([node('c', 'a', 'b'), node('a'), node('b')], async ({ name }) => {
      log.push(`${name}+`);
      await gates.get(name)?.promise;
      log.push(`${name}-`);
    });
    await Promise.resolve();
    gates.get('b')?.resolve();
    gates.get('a')?.resolve();
    gates.get('c')?.resolve();
    await done;
    expect(log.slice(0, 2)).toEqual(['a+', 'b+']);
    expect(log.slice(-2)).toEqual(['c+', 'c-']);
  });

  it('does not start what needs a failed one, finishes the others, and throws the failure', async () => {
    const log: string[] = [];
    const run = inOrder([node('bad'), node('good'), node('after', 'bad')], async ({ name }) => {
      await Promise.resolve();
      if (name === 'bad') throw new Error('broken');
      log.push(name);
    });
    await expect(run).rejects.toThrow('broken');
    expect(log).toEqual(['good']);
  });
});
