import { KeelError } from '../../domain/errors.ts';

/** Anything that is started and may need others started before it. */
export interface Node {
  readonly name: string;
  readonly needs: readonly string[];
}

/**
 * Orders nodes so that each comes after all that it needs; among free ones the given order stays.
 * @throws {KeelError} PROCESS_MISSING, PROCESS_CIRCULAR (names the circle), or USAGE for a name given twice.
 */
export function startOrder<T extends Node>(nodes: readonly T[]): T[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  if (byName.size < nodes.length) throw new KeelError('USAGE', `a process name is declared twice: ${nodes.map((node) => node.name).join(', ')}`);
  const order: T[] = [];
  const done = new Set<string>();
  const visit = (node: T, path: readonly string[]): void => {
    if (done.has(node.name)) return;
    const circle = path.indexOf(node.name);
    if (circle >= 0) throw new KeelError('PROCESS_CIRCULAR', `processes need each other in a circle: ${[...path.slice(circle), node.name].join(' → ')}`);
    for (const need of node.needs) visit(needed(byName, node, need), [...path, node.name]);
    done.add(node.name);
    order.push(node);
  };
  for (const node of nodes) visit(node, []);
  return order;
}

function needed<T extends Node>(byName: ReadonlyMap<string, T>, node: T, need: string): T {
  const found = byName.get(need);
  if (found !== undefined) return found;
  throw new KeelError('PROCESS_MISSING', `"${node.name}" needs "${need}", which is not declared (declared: ${[...byName.keys()].join(', ')})`);
}

/**
 * Runs `work` on every node, each as soon as all that it needs are done; waits for all that run when one fails.
 * @throws the first failure
 */
export async function inOrder<T extends Node>(nodes: readonly T[], work: (node: T) => Promise<void>): Promise<void> {
  const running = new Map<string, Promise<void>>();
  for (const node of startOrder(nodes)) {
    const needs = node.needs.map((need) => running.get(need) ?? Promise.resolve());
    running.set(node.name, Promise.all(needs).then(() => work(node)));
  }
  const results = await Promise.allSettled(running.values());
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** The same nodes with every need turned round: for stopping, dependents first. */
export function reversed<T extends Node>(nodes: readonly T[]): (Omit<T, 'needs'> & Node)[] {
  return startOrder(nodes).reverse().map((node) => ({
    ...node, needs: nodes.filter((other) => other.needs.includes(node.name)).map((other) => other.name),
  }));
}
