/** One worker of the limiter's test, a process of its own: sends orders as fast as it may, and tells what came of them. */
import { createLimiterStore } from '../../../db/limiter-store.ts';
import { createPool } from '../../../db/pool.ts';
import type { SubmitAnswer } from '../../../domain/ports/venue.ts';
import { createLimiter, createVenue, limiterScopesOf } from '../../../venues/index.ts';
import type { VenueSettings } from '../../../venues/index.ts';
import { intent } from './simulated.fixture.ts';

export interface WorkerTask {
  readonly name: string;
  readonly databaseUrl: string;
  readonly venue: VenueSettings;
  readonly untilMs: number;
  readonly price: string;
}
export interface WorkerReport {
  readonly accepted: number;
  /** Answers of the venue that a limit was passed. */
  readonly limited: readonly string[];
}

const task = JSON.parse(process.argv[2] ?? '{}') as WorkerTask;
const pool = createPool(task.databaseUrl, { connectionsMax: 2 });
const limiter = createLimiter({ store: createLimiterStore(pool, limiterScopesOf(task.venue)), workers: 3 });
const venue = createVenue(task.venue, limiter);

const answers: SubmitAnswer[] = [];
async function trade(lane: number): Promise<void> {
  for (let i = 0; Date.now() < task.untilMs; i += 1) {
    const order = intent({ leg: 'exit', clientOrderId: `kl${task.name}-${lane}-${i}`, type: 'limit', price: task.price });
    answers.push(await venue.submit(order, { timestamp: await venue.serverTime(), recvWindowMs: 2_000, deadlineMs: Date.now() + 2_000 }));
    if (answers.at(-1)?.kind !== 'accepted') await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
await Promise.all([trade(1), trade(2), trade(3)]);
const report: WorkerReport = {
  accepted: answers.filter((answer) => answer.kind === 'accepted').length,
  limited: answers.flatMap((answer) => (answer.kind !== 'accepted' && /HTTP 4(29|18)|-1015|-1003/.test(answer.message) ? [answer.message] : [])),
};
process.stdout.write(JSON.stringify(report));
await limiter.close();
await venue.close();
await pool.end();
