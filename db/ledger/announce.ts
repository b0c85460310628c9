import type { Client } from '../pool.ts';

/** Heard by whoever waits for things to settle. PostgreSQL delivers it at commit. */
export const CHANGE_CHANNEL = 'keel_changes';

export async function announceChange(client: Client): Promise<void> {
  await client.query({ name: 'announce-change', text: `SELECT pg_notify('${CHANGE_CHANNEL}', '')` });
}
