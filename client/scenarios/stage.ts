/** A running deployment whose market moves only when a scenario says so. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLedger } from '../../db/ledger.ts';
import { createPolicyStore } from '../../db/policy-store.ts';
import { run } from '../../db/pool.ts';
import { KeelError } from '../../domain/errors.ts';
import type { Policy } from '../../domain/policy/policy.ts';
import type { Ledger } from '../../domain/ports/ledger.ts';
import type { MarketControl } from '../../domain/ports/market-control.ts';
import { logFileOf } from '../../stack/supervisor/run-files.ts';
import { createMarketControl } from '../../venues/simulated-market.ts';
import { venueSymbolOf, instrumentIdOf } from '../../domain/market/instrument.ts';
import type { DeploymentParts } from '../deployment-parts.ts';
import { askControl } from '../venue-control.ts';

const WAIT_MAX_MS = 60_000;
const LOOK_EVERY_MS = 25;
const INTO_CANDLE_MS = 10 * 60_000;

export interface StageParts extends DeploymentParts {
  /** Of its supervisor. */
  readonly runHome: string;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

/** What a scenario does to its deployment, and how it looks at it. */
export class Stage {
  readonly parts: StageParts;
  readonly #ledger: Ledger;
  readonly #market: MarketControl;

  constructor(parts: StageParts) {
    this.parts = parts;
    this.#ledger = createLedger(parts.pool);
    this.#market = createMarketControl(parts.settings.venueControlUrl ?? '');
  }

  get portfolioId(): string {
    return this.parts.deployment.portfolioId;
  }

  async rows<Row extends object>(text: string): Promise<readonly Row[]> {
    return await run<Row & Record<string, unknown>>(this.parts.pool, 'read a scenario', { text });
  }

  /** The policy's version 2, before anything trades. */
  async setPolicy(values: Partial<Policy>): Promise<void> {
    await createPolicyStore(this.parts.pool).change({ portfolioId: this.portfolioId, seen: 1, wish: { kind: 'set', values }, by: 'keel scenario', because: 'the scenario asks for it' });
  }

  /** The feeds have stored the history: the market may begin. */
  async untilReady(): Promise<void> {
    await this.until('the history is stored', async () => (await this.rows(`SELECT 1 FROM venue_cursors WHERE name LIKE 'marketFeed/%'`)).length > 0);
    await this.settled();
  }

  /** Moves the market through so many closes of a candle, each waited for: its cycle is recorded, its orders are settled. */
  async trade(candles = 1): Promise<void> {
    for (let candle = 0; candle < candles; candle += 1) {
      const before = (await this.#recorded()).length;
      await this.#advance();
      await this.until('the cycle of the candle is recorded', async () => (await this.#recorded()).length > before);
      await this.settled();
    }
  }

  async #recorded(): Promise<readonly object[]> {
    return await this.rows('SELECT 1 FROM cycles WHERE recorded_at IS NOT NULL');
  }

  async #advance(): Promise<void> {
    for (;;) {
      const { stoppedAt } = await this.#market.advance({ requestId: `scenario/${randomUUID()}`, untilMarketTime: null });
      if (stoppedAt === 'candleClose') return;
      if (stoppedAt === 'end') throw new KeelError('INVARIANT', 'the scenario has too few candles');
      await this.settled();
    }
  }

  /** Nothing is under way: all orders have a known fate, all fills are booked, all events are answered for. */
  async settled(): Promise<void> {
    let waiting = '';
    await this.until(() => `everything is settled (${waiting})`, async () => {
      const { settled, waitingFor } = await this.#ledger.settlement(this.portfolioId);
      const { acknowledgedEventId, lastEventId } = await this.#market.state();
      waiting = [...waitingFor, ...(acknowledgedEventId < lastEventId ? ['an event of the account is not answered for'] : [])].join(', ');
      return settled && acknowledgedEventId >= lastEventId;
    });
  }

  /** Moves a price at once and for good. @param percent -4 is down by 4 % */
  async shock(base: string, percent: number): Promise<void> {
    await this.#control('/shock', { symbol: venueSymbolOf(instrumentIdOf(base)), percent });
  }

  /**
   * Books money to the account, ten minutes further into the candle: between two candles the venue's market stands still,
   * and its events carry the end of the last one.
   * @param amount quote currency, signed
   */
  async income(type: 'REALIZED_PNL' | 'TRANSFER', amount: string): Promise<void> {
    const { marketTime } = await this.#market.state();
    await this.#market.advance({ requestId: `scenario/${randomUUID()}`, untilMarketTime: marketTime + INTO_CANDLE_MS });
    await this.#control('/income', { type, amount });
    await this.settled();
  }

  async #control(path: string, body: object): Promise<void> {
    await askControl(this.parts.settings.venueControlUrl ?? '', 'POST', path, body);
  }

  /** What the workers said so far. */
  log(): string {
    return readFileSync(logFileOf(this.parts.runHome, 'worker-1'), 'utf8');
  }

  /** @throws {KeelError} INVARIANT when it does not come true within a minute; the signal's reason */
  async until(what: string | (() => string), isTrue: () => Promise<boolean>): Promise<void> {
    const { signal } = this.parts;
    const giveUpAt = performance.now() + WAIT_MAX_MS;
    while (!(await isTrue())) {
      signal.throwIfAborted();
      if (performance.now() > giveUpAt) throw new KeelError('INVARIANT', `waited ${WAIT_MAX_MS / 1_000} s in vain: ${typeof what === 'string' ? what : what()}`);
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  }
}
