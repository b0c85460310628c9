import { firstRefusal } from '../checks/check.ts';
import { d, text } from '../decimal.ts';
import { ordersTold } from '../guard/order-rate.ts';
import type { InstrumentId } from '../market/instrument.ts';
import { issueCodesOf } from '../market/quality.ts';
import type { CombinedSignal } from '../signals/combine.ts';
import { signalOf } from '../signals/combine.ts';
import { batchDropouts, VETOES } from '../signals/vetoes.ts';
import type { Candidate } from './chain.ts';
import { passed, refused, runChain } from './chain.ts';
import type { ChainResult } from './chain.ts';
import { closeInstruction, managePosition } from './manage-position.ts';
import { nextMemory } from './next-memory.ts';
import type { Books } from './plan-book.ts';
import { booksOf, weakestOf, withOpened, withOrders, withPlaceOf } from './plan-book.ts';
import type { PlanContext } from './plan-context.ts';
import { planContextOf } from './plan-context.ts';
import type { CyclePlan, DecisionStep, Instruction, Observation, PositionView, SymbolDecision, SymbolObservation } from './types.ts';

/** What a plan has come to so far. */
interface Draft {
  readonly context: PlanContext;
  readonly signals: ReadonlyMap<InstrumentId, CombinedSignal>;
  readonly decisions: Map<InstrumentId, SymbolDecision>;
  readonly instructions: Map<string, readonly Instruction[]>;
  /** Symbols whose chain ended at being disabled, with the trade that they would have made. */
  readonly onPaper: Map<InstrumentId, { readonly candidate: Candidate; readonly result: ChainResult & { readonly kind: 'refused' } }>;
  books: Books;
}

/**
 * The one decision function, in backtest, replay, paper and live: what to open, what open positions do, and why not.
 * Pure: the same recorded observation gives the same plan for ever.
 * @param input.cycleId identity of the cycle; intents carry it.
 */
export function planCycle({ cycleId, observation }: { cycleId: string; observation: Observation }): CyclePlan {
  const context = planContextOf(cycleId, observation);
  const draft: Draft = { context, signals: new Map(observation.symbols.map((it) => [it.instrument.id, signalOf(it, context.policy)])), decisions: new Map(), instructions: new Map(), onPaper: new Map(), books: booksOf(observation) };
  managePositions(draft);
  openBest(draft, candidatesOf(draft));
  const decisions = [...draft.decisions.values()].sort((a, b) => (a.instrumentId < b.instrumentId ? -1 : 1));
  return { decisions, opens: draft.books.advised.opens, instructions: [...draft.instructions.values()].flat(), memory: nextMemory(context, { ...draft, opens: draft.books.advised.opens }) };
}

function managePositions(draft: Draft): void {
  const { context, signals, decisions, instructions } = draft;
  const { observation, cycleId, policy } = context;
  const symbols = new Map(observation.symbols.map((it) => [it.instrument.id, it]));
  for (const position of observation.account.positions) {
    const [symbol, signal] = [symbols.get(position.instrumentId), signals.get(position.instrumentId)];
    if (symbol === undefined || signal === undefined) continue;
    const told = managePosition({ cycleId, closeTime: observation.candle.closeTime, timeframe: observation.candle.timeframe, symbol, signal, position, conditions: observation.risk.conditions[position.instrumentId], policy });
    if (told.length > 0) instructions.set(position.positionId, told);
    draft.books = withOrders(draft.books, ordersTold(told, position));
    decisions.set(position.instrumentId, { instrumentId: position.instrumentId, outcome: 'manage', reason: told[0]?.reason ?? 'keep', action: signal.action, confidence: signal.confidence, steps: [] });
  }
}

/** Symbols without a position whose votes pass the filter, with nothing against them; the others get their decision. */
function candidatesOf(draft: Draft): readonly Candidate[] {
  const { context: { observation, policy }, signals, decisions } = draft;
  const candidates: Candidate[] = [];
  for (const symbol of observation.symbols) {
    const signal = signals.get(symbol.instrument.id);
    if (signal === undefined || decisions.has(symbol.instrument.id)) continue;
    const steps = symbol.quality.tradable ? [passed('data', `score ${symbol.quality.score}`), signalStep(signal, policy)] : [dataStep(symbol)];
    const veto = steps.at(-1)?.verdict === 'passed' ? vetoStep(symbol, signal, observation) : null;
    const all = veto === null ? steps : [...steps, veto];
    if (all.at(-1)?.verdict === 'refused') decide(draft, { symbol, signal }, signal.code === null && signal.action === 'hold' ? 'hold' : 'refused', all);
    else candidates.push({ symbol, signal, direction: signal.action === 'buy' ? 'long' : 'short', score: signal.confidence * signal.agreement, steps: all });
  }
  const dropouts = batchDropouts(candidates.map(({ symbol, direction, score }) => ({ instrumentId: symbol.instrument.id, side: direction === 'long' ? 'buy' : 'sell', score })), policy);
  return candidates.filter((candidate) => {
    const dropout = dropouts.get(candidate.symbol.instrument.id);
    if (dropout !== undefined) decide(draft, candidate, 'refused', [...candidate.steps.slice(0, -1), refused('veto', dropout)]);
    return dropout === undefined;
  });
}

/** Nobody votes on candles that cannot be trusted. */
function dataStep({ quality }: SymbolObservation): DecisionStep {
  return refused('data', { code: 'dataStale', value: `score ${quality.score}: ${issueCodesOf(quality)}`, limit: 'fresh, ordered, finite candles' });
}

function signalStep(signal: CombinedSignal, policy: PlanContext['policy']): DecisionStep {
  const isConfidence = signal.code === 'confidence';
  const value = `${signal.action}, ${isConfidence ? `confidence ${signal.confidence.toFixed(4)}` : `agreement ${signal.agreement.toFixed(4)} of ${signal.speakers}`}`;
  if (signal.code === null && signal.action !== 'hold') return passed('signal', `${signal.action}, agreement ${signal.agreement.toFixed(4)} of ${signal.speakers}, confidence ${signal.confidence.toFixed(4)}, × ${signal.factor}`);
  return refused('signal', { code: signal.code ?? 'hold', value, limit: `≥ ${isConfidence ? signal.confidenceMin : policy.agreementMin}` });
}

function vetoStep(symbol: SymbolObservation, signal: CombinedSignal, { risk, candle, account }: Observation): DecisionStep {
  const veto = firstRefusal(VETOES, {
    side: signal.action === 'buy' ? 'buy' : 'sell', rsi: symbol.features['rsi14'] ?? null, lastEntryAt: risk.memory.symbols[symbol.instrument.id]?.lastEntryAt ?? null,
    closeTime: candle.closeTime, recentSides: risk.memory.sides, policy: account.policy,
  });
  return veto === null ? passed('veto') : refused('veto', veto);
}

/** Best first (by score, then name), so that limits bind on the weakest. */
function openBest(draft: Draft, candidates: readonly Candidate[]): void {
  const ranked = [...candidates].sort((a, b) => b.score - a.score || (a.symbol.instrument.id < b.symbol.instrument.id ? -1 : 1));
  for (const candidate of ranked) {
    const result = withRotation(draft, candidate, runChain(draft.context, candidate, draft.books));
    if (result.kind === 'open') draft.books = withOpened(draft.books, result, draft.context.observation.risk.returns);
    if (result.kind === 'refused' && result.code === 'symbolDisabled') draft.onPaper.set(candidate.symbol.instrument.id, { candidate, result });
    const last = result.steps.at(-1)?.code;
    decide(draft, candidate, result.kind === 'open' && result.opened !== null ? 'open' : last === 'belowMinNotional' ? 'hold' : 'refused', result.steps);
  }
}

/** A full book: the weakest position goes if the candidate is so much better, and then everything else still holds. It goes as well where advice leaves nothing of the candidate. */
function withRotation(draft: Draft, candidate: Candidate, result: ChainResult): ChainResult {
  if (result.kind !== 'full') return result;
  const { context, books } = draft;
  const leaving = weakestOf(context.observation, books.plain, { score: candidate.score, advantage: context.policy.rotationAdvantage, isClosing: (id) => draft.instructions.get(id)?.some((it) => it.kind === 'close') ?? false });
  if (leaving === null) return result;
  const rotated = runChain(context, candidate, withPlaceOf(books, leaving));
  if (rotated.kind === 'open') letGo(draft, leaving);
  return rotated;
}

function letGo(draft: Draft, leaving: PositionView): void {
  const { context, decisions, instructions } = draft;
  const symbol = context.observation.symbols.find((it) => it.instrument.id === leaving.instrumentId);
  const decision = decisions.get(leaving.instrumentId);
  if (symbol === undefined || decision === undefined) throw new RangeError(`a position that is rotated out has a symbol: ${leaving.positionId}`);
  const close = [closeInstruction({ cycleId: context.cycleId, symbol, position: leaving }, 'rotation')];
  draft.books = withOrders(withPlaceOf(draft.books, leaving), ordersTold(close, leaving) - ordersTold(instructions.get(leaving.positionId) ?? [], leaving));
  instructions.set(leaving.positionId, close);
  decisions.set(leaving.instrumentId, { ...decision, reason: 'rotation' });
}

function decide({ decisions }: Draft, { symbol, signal }: Pick<Candidate, 'symbol' | 'signal'>, outcome: SymbolDecision['outcome'], steps: readonly DecisionStep[]): void {
  const last = steps.at(-1);
  decisions.set(symbol.instrument.id, { instrumentId: symbol.instrument.id, outcome, reason: last?.code ?? signal.action, action: signal.action, confidence: signal.confidence, steps });
}
