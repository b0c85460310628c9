import type { Client } from '@temporalio/client';
import { registerSearchAttributes as register } from '../stack/engine/namespace.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';

/**
 * Registers Keel's search attributes; those that exist stay.
 * @throws {KeelError} SETTING_INVALID when one exists with another type, ENGINE_UNREACHABLE when the server refuses.
 */
export async function registerSearchAttributes(client: Client, namespace: string): Promise<void> {
  await register(client.connection, namespace, Object.fromEntries(Object.values(SEARCH_ATTRIBUTES).map(({ name, type }) => [name, type])));
}
