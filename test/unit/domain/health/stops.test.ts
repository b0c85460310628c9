import { describe, expect, it } from 'vitest';
import { nextCheck, toldCheck } from '../../../../domain/health/check.ts';
import { HEALTH_RULES } from '../../../../domain/health/rules.ts';
import type { Asked, QueuePart, Situation, WorkerState, WorkerWord } from '../../../../domain/health/stops.ts';
import { askedOf, queueStateOf, withWords } from '../../../../domain/health/stops.ts';
import type { HealthCheck, HealthPart, PartReading, Reading } from '../../../../domain/health/types.ts';

const NOW = 10_000_000;
const QUEUES = ['workers.trading', 'workers.venue', 'workers.models', 'workers.feeds'] as const;
const SECOND = 1_000;
/** A worker's word of so many seconds ago. */
type Word = readonly [WorkerState, number];
const wordsOf = (parts: readonly QueuePart[], ...words: readonly Word[]): WorkerWord[] => parts.flatMap((part) => words.map(([state, ago]) => ({ part, state, at: NOW - ago * SECOND })));
const all = (...words: readonly Word[]): WorkerWord[] => wordsOf(QUEUES, ...words);

describe('a queue', () => {
  it.each<[string, readonly Word[], Asked | null]>([
    ['whose workers said nothing', [], null],
    ['with one that runs', [['running', 5]], null],
    ['that was never stopped, and starts', [['starting', 5]], null],
    ['whose worker drains', [['stopping', 30]], 'stopping'],
    ['whose worker died while it drained', [['stopping', 31]], null],
    ['whose worker stopped, however long ago', [['stopped', 1_000_000]], 'stopped'],
    ['with one that stopped and one that runs', [['stopped', 5], ['running', 1]], null],
    ['with one that stopped and one that drains', [['stopped', 5], ['stopping', 6]], 'stopping'],
    ['with one that stopped and one that died while it drained', [['stopped', 20], ['stopping', 31]], null],
    ['one stopped, the other was killed after it', [['stopped', 1_000], ['running', 990]], null],
    ['one stopped, the other was killed just before', [['stopped', 1_000], ['running', 1_029]], null],
    ['one was killed, and long after it the other stopped', [['stopped', 1_000], ['running', 1_030]], 'stopped'],
    ['that stopped, and starts', [['stopped', 1_000], ['starting', 60]], 'starting'],
    ['that stopped, and died when it started', [['stopped', 1_000], ['starting', 61]], null],
    ['that stopped, and runs again', [['stopped', 1_000], ['running', 1]], null],
  ])('%s: %s', (_name, words, expected) => expect(queueStateOf('workers.feeds', { words: all(...words), at: NOW })).toBe(expected));

  it('is one of its own', () => expect(queueStateOf('workers.venue', { words: wordsOf(['workers.feeds'], ['stopped', 9]), at: NOW })).toBeNull());
});

describe('what stops with its queues', () => {
  const stopped = (parts: readonly QueuePart[], isOpen = false): Situation => ({ at: NOW, isOpen, words: [...wordsOf(parts, ['stopped', 9]), ...wordsOf(QUEUES.filter((it) => !parts.includes(it)), ['running', 1])] });
  const partsOf = (situation: Situation): readonly HealthPart[] => (Object.keys(HEALTH_RULES) as HealthPart[]).filter((part) => askedOf(part, situation) === 'stopped');
  it.each<[string, readonly QueuePart[], boolean, readonly HealthPart[]]>([
    ['everything', QUEUES, false, ['accountFeed', 'marketFeed', ...QUEUES, 'cycle', 'evaluation', 'retrain']],
    ['everything, while something is open: it is needed', QUEUES, true, ['workers.models', 'evaluation', 'retrain']],
    ['models alone, whatever is open', ['workers.models'], true, ['workers.models', 'evaluation', 'retrain']],
    ['feeds, while cycles run and may open: they are needed', ['workers.feeds'], false, []],
    ['feeds and trading', ['workers.feeds', 'workers.trading'], false, ['accountFeed', 'marketFeed', 'workers.trading', 'workers.feeds', 'cycle', 'evaluation', 'retrain']],
    ['trading', ['workers.trading'], false, ['workers.trading', 'cycle', 'evaluation', 'retrain']],
    ['trading, with an open position', ['workers.trading'], true, ['evaluation', 'retrain']],
    ['venue', ['workers.venue'], false, ['workers.venue', 'cycle']],
  ])('%s', (_name, parts, isOpen, expected) => expect([...partsOf(stopped(parts, isOpen))].sort()).toEqual([...expected].sort()));

  it('while it drains it is stopping, whatever is open', () => expect(askedOf('accountFeed', { at: NOW, isOpen: true, words: all(['stopping', 1]) })).toBe('stopping'));
});

const measured = (value: number, more: object = {}): Reading => ({ kind: 'measured', value, ...more });
const SILENT: PartReading[] = [
  { part: 'engine', reading: measured(5) }, { part: 'accountFeed', reading: measured(500, { resumeMs: 60_000 }) }, ...QUEUES.map((part) => ({ part, reading: measured(0, { resumeMs: 60_000 }) })),
  { part: 'cycle', reading: measured(9, { resumeMs: 600_000 }) },
];
const WELL: PartReading[] = SILENT.map(({ part }) => ({ part, reading: measured(part.startsWith('workers') ? 1 : 0) }));

/** Looks one after the other. @param steps words with seconds since then, and how long after the first look */
function looksAt(readings: readonly PartReading[], before: HealthCheck | null, steps: readonly { readonly after: number; readonly words: readonly WorkerWord[]; readonly isOpen?: boolean }[]): readonly ReturnType<typeof nextCheck>[] {
  const results: ReturnType<typeof nextCheck>[] = [];
  for (const { after, words, isOpen = false } of steps) {
    const at = NOW + after * SECOND;
    results.push(nextCheck(results.at(-1)?.check ?? before, withWords(readings, { words, isOpen, at }), { at, unhealthyParts: 2 }));
  }
  return results;
}
const stateOf = ({ check }: Pick<ReturnType<typeof nextCheck>, 'check'>, part: HealthPart) => check.parts.find((it) => it.part === part)?.state;
const at = (seconds: number, state: WorkerState): WorkerWord[] => QUEUES.map((part) => ({ part, state, at: NOW + seconds * SECOND }));
const healthy = nextCheck(null, WELL, { at: NOW - 1, unhealthyParts: 2 }).check;

describe('a check', () => {
  it('finds nothing wrong with what stopped in good order, says so once, and asks for nothing', () => {
    const looks = looksAt(SILENT, healthy, [{ after: 0, words: at(0, 'stopping') }, { after: 5, words: at(5, 'stopped') }, { after: 900, words: at(5, 'stopped') }, { after: 905, words: at(5, 'stopped') }]);
    expect(looks.map((it) => [it.check.level, stateOf(it, 'workers.feeds'), stateOf(it, 'accountFeed'), stateOf(it, 'cycle')])).toEqual([
      ['healthy', 'stopping', 'stopping', 'stopping'], ['healthy', 'stopped', 'stopped', 'stopped'], ['healthy', 'stopped', 'stopped', 'stopped'], ['healthy', 'stopped', 'stopped', 'stopped'],
    ]);
    expect(looks.map((it) => it.changes.length)).toEqual([6, 6, 0, 0]);
    expect(looks[3]?.check.parts.at(-1)).toMatchObject({ value: 'not counted: stopped in good order', failures: 0, action: null, since: NOW + 5 * SECOND });
  });

  it('finds absence unhealthy where something is open, and where the worker died while it drained', () => {
    const open = looksAt(SILENT, healthy, [0, 5, 10].map((after) => ({ after, words: at(-1, 'stopped'), isOpen: true })));
    expect([open.map((it) => stateOf(it, 'workers.venue')), open.at(-1)?.check.level]).toEqual([['degraded', 'degraded', 'unhealthy'], 'critical']);
    const died = looksAt(SILENT, healthy, [10, 31, 36, 41].map((after) => ({ after, words: at(0, 'stopping') })));
    expect([died.map((it) => stateOf(it, 'workers.venue')), died.at(-1)?.check.level]).toEqual([['stopping', 'degraded', 'degraded', 'unhealthy'], 'critical']);
  });

  it('gives what starts again its time, and no more', () => {
    const stopped = looksAt(SILENT, healthy, [{ after: 0, words: at(0, 'stopped') }]).at(-1)?.check ?? null;
    const started = (after: number, state: WorkerState) => ({ after, words: [...at(0, 'stopped'), ...at(state === 'starting' ? 900 : after, state)] });
    const slow = looksAt(SILENT, stopped, [started(900, 'starting'), started(905, 'running'), started(959, 'running'), started(960, 'running'), started(970, 'running'), started(980, 'running')]);
    expect(slow.map((it) => stateOf(it, 'accountFeed'))).toEqual(['starting', 'starting', 'starting', 'degraded', 'degraded', 'unhealthy']);
    expect(slow.map((it) => stateOf(it, 'cycle')).at(-1)).toBe('starting'); // the next candle may be long
    const [back] = looksAt(WELL, slow[1]?.check ?? null, [started(910, 'running')]);
    expect([back?.check.level, back?.check.parts.some((it) => 'resumedAt' in it)]).toEqual(['healthy', false]);
    const open = looksAt(SILENT, stopped, [{ ...started(905, 'running'), isOpen: true }]);
    expect(open.map((it) => stateOf(it, 'accountFeed'))).toEqual(['degraded']);
  });

  it('has no such patience with what was never stopped in good order', () => {
    const [look] = looksAt(SILENT, healthy, [{ after: 0, words: at(0, 'running') }]);
    expect(stateOf(look as ReturnType<typeof nextCheck>, 'accountFeed')).toBe('degraded');
  });
});

describe('what a worker leaves', () => {
  const leave = (words: readonly WorkerWord[], { isOpen = false, before = healthy, after = 1 }: { isOpen?: boolean; before?: HealthCheck; after?: number } = {}) => toldCheck(before, { words, isOpen, at: NOW + after * SECOND }, { unhealthyParts: 2, staleMs: 300_000 });

  it('changes what hangs on it alone', () => {
    const left = leave(at(1, 'stopping'));
    expect(left?.changes.map(({ part, from, to }) => `${part} ${from ?? ''} ${to}`)).toEqual(['accountFeed', ...QUEUES, 'cycle'].map((part) => `${part} healthy stopping`));
    expect([left?.check.level, left?.check.parts[0]]).toEqual(['healthy', healthy.parts[0]]);
  });

  it('is nothing while another one runs', () => expect(leave([...at(1, 'stopping'), ...at(-5, 'running')])).toBeNull());

  it('is degraded, with what to do, where something is open and nobody is left', () => {
    const left = leave(at(1, 'stopped'), { isOpen: true });
    expect(left?.check.level).toBe('degraded');
    expect(left?.check.parts.find((it) => it.part === 'workers.venue')).toMatchObject({ state: 'degraded', value: 'stopped while positions or orders are open: nobody watches them', action: HEALTH_RULES['workers.venue'].action });
    expect(left?.check.parts.find((it) => it.part === 'workers.models')?.state).toBe('stopped');
    const others = QUEUES.filter((it) => it !== 'workers.trading');
    expect(leave([...wordsOf(['workers.trading'], ['stopped', 0]), ...others.map((part) => ({ part, state: 'running' as const, at: NOW }))], { isOpen: true })).toBeNull(); // they look
  });

  it('vouches for nothing that was looked at long ago', () => {
    const stopped = leave(at(1, 'stopped'))?.check ?? healthy;
    expect(leave([...at(1, 'stopped'), ...at(301, 'starting')], { before: stopped, after: 301 })?.check.level).toBe('healthy');
    expect(leave([...at(1, 'stopped'), ...at(302, 'starting')], { before: stopped, after: 302 })?.check).toMatchObject({ level: 'degraded', parts: expect.arrayContaining([expect.objectContaining({ part: 'workers.feeds', state: 'starting' })]) as unknown });
  });
});
