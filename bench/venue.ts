import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const KEY = 'bench-key';
const SECRET = 'bench-secret';
const CONNECTIONS = 8;
const WARM_UP_REQUESTS = 1_000;
const REQUESTS = 12_000;
/** Far below the market: it rests until it is cancelled. */
const PRICE = '100.00';

const readySchema = z.object({ ready: z.literal(true), pid: z.number(), url: z.string() });

/**
 * The venue alone, in a process of its own: signed requests that place and cancel limit orders, one after the other
 * on each of eight kept-alive connections. It runs on one core; the client has another.
 */
export async function benchVenue(): Promise<{ signedOrdersPerSecond: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'keel-bench-venue-'));
  const child = spawn(process.execPath, [
    join(import.meta.dirname, '../stack/venue/main.ts'), '--state', folder, '--paused', '--api-key', KEY, '--api-secret', SECRET, '--wallet', '100000000',
    '--weight-limit', '100000000', '--order-limit-10s', '100000000', '--order-limit-1m', '100000000',
  ], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const { url } = await ready(child);
    const client = new Client(url);
    await client.run(WARM_UP_REQUESTS);
    const began = performance.now();
    await client.run(REQUESTS);
    const seconds = (performance.now() - began) / 1_000;
    client.close();
    return { signedOrdersPerSecond: Math.round(REQUESTS / seconds) };
  } finally {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ready(child: ChildProcess): Promise<z.output<typeof readySchema>> {
  if (child.stdout === null) throw new Error('the venue has no standard output');
  for await (const line of createInterface({ input: child.stdout })) return readySchema.parse(JSON.parse(line));
  throw new Error('the venue ended before it was ready');
}

class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  readonly #url: URL;
  #sequence = 0;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  async run(requests: number): Promise<void> {
    await Promise.all(Array.from({ length: CONNECTIONS }, () => this.#pairs(requests / CONNECTIONS / 2)));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #pairs(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      this.#sequence += 1;
      const id = `bench-${this.#sequence}`;
      await this.#send('POST', `symbol=SOLUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=${PRICE}&newClientOrderId=${id}`);
      await this.#send('DELETE', `symbol=SOLUSDT&origClientOrderId=${id}`);
    }
  }

  #send(method: 'POST' | 'DELETE', parameters: string): Promise<void> {
    const query = `${parameters}&recvWindow=60000&timestamp=${Date.now()}`;
    const signature = createHmac('sha256', SECRET).update(query).digest('hex');
    const path = `/fapi/v1/order?${query}&signature=${signature}`;
    return new Promise((resolve, reject) => {
      const call = request({ agent: this.#agent, host: this.#url.hostname, port: this.#url.port, method, path, headers: { 'X-MBX-APIKEY': KEY } }, (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`${method} ${path}: HTTP ${String(response.statusCode)}`));
        });
      });
      call.on('error', reject);
      call.end();
    });
  }
}
