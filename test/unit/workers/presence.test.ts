import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WORD_EVERY_MS } from '../../../domain/health/stops.ts';
import type { WorkerSaid } from '../../../domain/ports/health.ts';
import { createPresence } from '../../../workers/presence.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

function worker(tell: (said: WorkerSaid) => Promise<void> = async () => undefined) {
  const [said, warned]: [string[], string[]] = [[], []];
  const ids = new Set<string>();
  const presence = createPresence({
    portfolioId: 'p', parts: ['workers.feeds'], clock: Date.now, warn: (fields) => void warned.push(JSON.stringify(fields)),
    store: { tell: async (_portfolioId, it) => { ids.add(it.workerId); await tell(it); said.push(it.state); } },
  });
  return { presence, said, warned, ids };
}

it('says that it starts, that it runs again and again, and how it stops, in order', async () => {
  const { presence, said, ids } = worker();
  presence.starting();
  presence.running();
  await vi.advanceTimersByTimeAsync(2 * WORD_EVERY_MS);
  presence.stopping();
  await vi.advanceTimersByTimeAsync(5 * WORD_EVERY_MS);
  await presence.stopped();
  expect([said, ids.size]).toEqual([['starting', 'running', 'running', 'running', 'stopping', 'stopped'], 1]);
});

it('a ledger that hangs or is away keeps no stop waiting', async () => {
  const { presence, said, warned } = worker(async ({ state }) => { await (state === 'stopping' ? new Promise(() => {}) : Promise.reject(new Error('the ledger is away'))); });
  presence.stopping();
  const stopped = presence.stopped();
  await vi.advanceTimersByTimeAsync(2_000);
  await stopped;
  expect([said, warned]).toEqual([[], [expect.stringContaining('no answer within 2000 ms'), expect.stringContaining('the ledger is away')]]);
});

it('one that fails says nothing more', async () => {
  const { presence, said } = worker();
  presence.running();
  await vi.advanceTimersByTimeAsync(0);
  presence.end();
  await vi.advanceTimersByTimeAsync(5 * WORD_EVERY_MS);
  expect(said).toEqual(['running']);
});
