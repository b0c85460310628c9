/** The label queue of a deployment, for the command line. */
import { askedPrediction, candlesBefore, excludedRows, opinionsOf, recordOpinion, waitingRows } from '../db/labels.ts';
import type { Asked } from '../db/labels.ts';
import { marketTimeOf } from '../db/model-views.ts';
import type { Regime } from '../domain/cycle/types.ts';
import { KeelError } from '../domain/errors.ts';
import type { Candle } from '../domain/market/candle.ts';
import { MARKS, problemOf, recordsOf, REGIMES } from '../domain/teaching/opinions.ts';
import type { Opinion, PersonRecord } from '../domain/teaching/opinions.ts';
import { isExpired, QUEUE_DAYS, queueOf } from '../domain/teaching/queue.ts';
import type { Priority, Waiting } from '../domain/teaching/queue.ts';
import type { Purpose } from './deployment-choice.ts';
import type { Desk } from './deployment-parts.ts';
import { withDesk } from './deployment-parts.ts';

/** What a person is asked: nothing of it was known only after the decision. */
export interface Question extends Asked, Pick<Waiting, 'priority' | 'disagreement'> {
  readonly deployment: string;
  /** Closed by the decision, oldest first. */
  readonly candles: readonly Candle[];
  /** Of the queue, this one included. */
  readonly waiting: number;
}

/** @param desk.now market clock */
async function atDesk<T>(name: string | undefined, work: (desk: Desk & { readonly now: number }) => Promise<T>, purpose: Purpose = 'standing'): Promise<T> {
  return await withDesk(name, async (desk) => await work({ ...desk, now: await marketTimeOf(desk.pool, desk.portfolioId) }), purpose);
}

/** The first of the queue. @param options.candles how many the chart has, ≥ 1. @returns null: nobody is asked anything. */
export async function nextQuestion(name: string | undefined, options: { readonly candles: number }): Promise<Question | null> {
  return await atDesk(name, async ({ pool, portfolioId, deployment, now }) => {
    const queue = queueOf(await waitingRows(pool, { portfolioId, now }), now);
    const [first] = queue;
    const asked = first === undefined ? null : await askedPrediction(pool, portfolioId, first.predictionId);
    if (first === undefined || asked === null) return null;
    return { deployment, ...asked, priority: first.priority, disagreement: first.disagreement, candles: await candlesBefore(pool, asked, options.candles), waiting: queue.length };
  });
}

/** @throws {KeelError} USAGE: a mark or regime that is none */
export function markOf(mark: string, regime: string | undefined): Pick<Opinion, 'mark' | 'regime'> {
  const known = MARKS.find((it) => it === mark);
  if (known === undefined || known === 'skip') throw new KeelError('USAGE', `the mark is "${mark}"; allowed: ${MARKS.filter((it) => it !== 'skip').join(', ')} (\`keel labels skip\` says nothing)`);
  const named = regime === undefined ? null : REGIMES.find((it) => it === regime);
  if (named === undefined) throw new KeelError('USAGE', `the regime is "${regime ?? ''}"; allowed: ${REGIMES.join(', ')}`);
  return { mark: known, regime: named };
}

export interface Given extends Opinion {
  readonly deployment: string;
  readonly predictionId: number;
  readonly regime: Regime | null;
}

/** @throws {KeelError} NOT_FOUND; USAGE: the mark does not fit, or it expired before anybody spoke of it */
export async function giveOpinion(name: string | undefined, predictionId: number, opinion: Opinion): Promise<Given> {
  return await atDesk(name, async ({ pool, portfolioId, deployment, now }) => {
    const asked = await askedPrediction(pool, portfolioId, predictionId);
    if (asked === null) throw new KeelError('NOT_FOUND', `${deployment} has no prediction ${predictionId} that was acted by and evaluated; \`keel labels next\` asks about one that was`);
    const problem = problemOf(opinion, asked.action);
    if (problem !== null) throw new KeelError('USAGE', `prediction ${predictionId}: ${problem}`);
    if (!asked.hasOpinion && isExpired(asked.madeAt, now)) throw new KeelError('USAGE', `prediction ${predictionId} is of ${new Date(asked.madeAt).toISOString()}: after ${QUEUE_DAYS} days of the market's time only what was spoken of before can be marked anew`);
    await recordOpinion(pool, { portfolioId, predictionId, instrumentId: asked.instrumentId, opinion });
    return { deployment, predictionId, ...opinion };
  }, 'change');
}

export interface LabelStats {
  readonly deployment: string;
  readonly waiting: Readonly<Record<Priority, number>>;
  /** Rows that the next data set leaves out. */
  readonly excluded: number;
  readonly people: readonly PersonRecord[];
}

export async function labelStats(name: string | undefined): Promise<LabelStats> {
  return await atDesk(name, async ({ pool, portfolioId, deployment, now }) => {
    const [rows, opinions, excluded] = await Promise.all([waitingRows(pool, { portfolioId, now }), opinionsOf(pool, portfolioId), excludedRows(pool, portfolioId)]);
    const queue = queueOf(rows, now);
    const count = (priority: Priority): number => queue.filter((it) => it.priority === priority).length;
    return { deployment, waiting: { 3: count(3), 2: count(2), 1: count(1) }, excluded: excluded.length, people: recordsOf(opinions) };
  });
}

