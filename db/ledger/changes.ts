import type { Client, Pool } from '../pool.ts';
import { CHANGE_CHANNEL } from './announce.ts';

export interface ChangeListener {
  /** Resolves at the next announced change, or after the time-out: a lost announcement only costs that long. */
  next(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Listens on one connection of the pool, taken at the first call; a broken one is replaced at the next. */
export function createChangeListener(pool: Pool): ChangeListener {
  let listening: Promise<Client | null> | null = null;
  const waiting = new Set<() => void>();

  async function listen(): Promise<Client | null> {
    try {
      const client = await pool.connect();
      client.on('notification', () => {
        for (const wake of [...waiting]) wake();
      });
      client.once('error', (error) => {
        listening = null;
        client.release(error);
      });
      await client.query(`LISTEN ${CHANGE_CHANNEL}`);
      return client;
    } catch {
      listening = null; // the database is away: waiters fall back to their time-out, the next call tries again
      return null;
    }
  }

  return {
    next: async (timeoutMs) => {
      listening ??= listen();
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, timeoutMs);
        waiting.add(done);
      });
    },
    close: async () => {
      const client = await listening;
      client?.release(true);
    },
  };
}
