import type { Client, Pool } from '../pool.ts';
import { EVENT_CHANNEL } from './channel.ts';

/** Something to wait for; a call that comes while nobody waits is remembered. */
export interface Bell {
  ring(): void;
  /** Resolves when it rings, or after the time-out. */
  wait(timeoutMs: number): Promise<void>;
}

export function createBell(): Bell {
  let isRung = false;
  let wake: (() => void) | null = null;
  return {
    ring: () => {
      isRung = true;
      wake?.();
    },
    wait: async (timeoutMs) => {
      if (!isRung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      wake = null;
      isRung = false;
    },
  };
}

export interface EventListener {
  /** Listens again if the connection broke. @throws what the connection throws; the caller's poll goes on meanwhile. */
  ensure(): Promise<void>;
  close(): void;
}

/** Hears the events' channel on one connection of the pool. @param onNews with the announcement's text. */
export function createEventListener(pool: Pool, onNews: (text: string) => void): EventListener {
  let listening: Client | null = null;

  async function listen(): Promise<void> {
    const client = await pool.connect();
    client.on('notification', ({ payload }) => onNews(payload ?? ''));
    client.once('error', (error) => {
      if (listening !== client) return;
      listening = null;
      client.release(error);
    });
    try {
      await client.query(`LISTEN ${EVENT_CHANNEL}`);
      listening = client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  return {
    ensure: async () => {
      if (listening === null) await listen();
    },
    close: () => {
      listening?.release(true);
      listening = null;
    },
  };
}
