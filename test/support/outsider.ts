/** Somebody else on the same venue account: the unmodified ccxt class with Keel's keys. */
import { binanceusdm } from 'ccxt';
import { venueSettingsOf } from '../../venues/settings.ts';
import { ccxtOptions } from '../../venues/ccxt-options.ts';
import type { System } from './system.ts';

export interface Outsider {
  send(method: 'POST' | 'DELETE', path: string, params: Readonly<Record<string, string>>): Promise<void>;
  /** A signed read. */
  ask(path: string, params: Readonly<Record<string, string>>): Promise<unknown>;
  priceOf(symbol: string): Promise<number>;
  /** What the account holds. */
  positions(): Promise<readonly string[]>;
  /** What the account holds, and what works in both books, by ccxt's own methods. */
  open(): Promise<{ readonly positions: readonly string[]; readonly orders: readonly string[] }>;
}

export function outsiderOf(system: System): Outsider {
  const { restUrl = '', wsUrl = '', apiKey, secret } = venueSettingsOf(system.settings, system.deployment);
  const venue = new binanceusdm(ccxtOptions({ url: restUrl, wsUrl, apiKey, secret }));
  venue.options['warnOnFetchOpenOrdersWithoutSymbol'] = false;
  const positions = async (): Promise<readonly string[]> => (await venue.fetchPositions()).filter((it) => Number(it.contracts) !== 0).map((it) => `${it.symbol} ${it.side} ${it.contracts}`).sort();
  return {
    positions,
    open: async () => {
      const held = await positions();
      const orders = [...await venue.fetchOpenOrders(), ...await venue.fetchOpenOrders(undefined, undefined, undefined, { trigger: true })];
      return {
        positions: held,
        orders: orders.map((it) => `${it.symbol} ${it.side} ${it.type} ${it.clientOrderId}`).sort(),
      };
    },
    send: async (method, path, params) => { await venue.request(path, 'fapiPrivate', method, params); },
    ask: async (path, params) => (await venue.request(path, 'fapiPrivate', 'GET', params)) as unknown,
    priceOf: async (symbol) => Number(((await venue.request('ticker/price', 'fapiPublic', 'GET', { symbol })) as { price: string }).price),
  };
}

/** A working order of a living position that the venue never saw: revision 10 of one that it knows. */
export async function plantGhost(system: System, like: string, clientOrderId: string): Promise<void> {
  await system.database.query(`INSERT INTO intents SELECT (jsonb_populate_record(i, jsonb_build_object('intent_id', i.intent_id || '0', 'client_order_id', $2::text, 'revision', 10))).* FROM intents i WHERE client_order_id = $1`, [like, clientOrderId]);
  await system.database.query(`INSERT INTO orders OVERRIDING USER VALUE SELECT (jsonb_populate_record(o, jsonb_build_object('client_order_id', $2::text, 'venue_order_id', '999999', 'sent_timestamp', 1))).* FROM orders o WHERE client_order_id = $1`, [like, clientOrderId]);
}
