import type { Dec } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import { checkOpening } from '../guard/guard.ts';
import { combineVotes } from '../signals/combine.ts';
import { sizeOf } from '../sizing/size.ts';
import type { CyclePlan, DecisionStep, Instruction, Observation, OpenPlan, SymbolDecision, SymbolObservation } from './types.ts';
import { managePosition } from './manage-position.ts';
import { openPlanOf, orderTypeOf, stopDistanceOf } from './open-plan.ts';

type Signal = ReturnType<typeof combineVotes>;

/** A symbol whose votes want a position, before guard and size. */
interface Candidate {
  readonly symbol: SymbolObservation;
  readonly signal: Signal;
  readonly steps: readonly DecisionStep[];
}

/**
 * The one decision function, in backtest, replay, paper and live: what to open, what open positions do, and why not.
 * Pure: the same recorded observation gives the same plan for ever.
 * @param input.cycleId identity of the cycle; intents carry it.
 */
export function planCycle({ cycleId, observation }: { cycleId: string; observation: Observation }): CyclePlan {
  const positions = new Map(observation.account.positions.map((it) => [it.instrumentId, it]));
  const decisions: SymbolDecision[] = [];
  const instructions: Instruction[] = [];
  const candidates: Candidate[] = [];
  for (const symbol of observation.symbols) {
    const signal = combineVotes(symbol.votes, observation.account.policy);
    const position = positions.get(symbol.instrument.id);
    if (position !== undefined) {
      const managed = managePosition({ cycleId, closeTime: observation.candle.closeTime, symbol, signal, position, policy: observation.account.policy });
      if (managed !== null) instructions.push(managed);
      decisions.push({ instrumentId: symbol.instrument.id, outcome: 'manage', reason: managed === null ? 'keep' : managed.reason, action: signal.action, confidence: signal.confidence, steps: [] });
      continue;
    }
    const step = symbol.quality.tradable ? signalStep(signal, observation) : dataStep(symbol);
    if (step.verdict === 'refused') decisions.push(decisionOf(symbol, signal, step.step === 'signal' && signal.code === null ? 'hold' : 'refused', [step]));
    else candidates.push({ symbol, signal, steps: [step] });
  }
  const opens = openBest(cycleId, observation, candidates, decisions);
  decisions.sort((a, b) => (a.instrumentId < b.instrumentId ? -1 : 1));
  return { decisions, opens, instructions };
}

/** Nobody votes on candles that cannot be trusted. */
function dataStep({ quality }: SymbolObservation): DecisionStep {
  return { step: 'data', verdict: 'refused', code: 'dataStale', value: [...new Set(quality.issues.map((issue) => issue.code))].join(', '), limit: 'fresh, ordered, finite candles' };
}

function signalStep(signal: Signal, { account }: Observation): DecisionStep {
  const passed = signal.code === null && signal.action !== 'hold';
  const code = passed ? null : (signal.code ?? 'hold');
  const isConfidence = code === 'confidence';
  return {
    step: 'signal', verdict: passed ? 'passed' : 'refused', code,
    value: (isConfidence ? signal.confidence : signal.agreement).toFixed(4),
    limit: String(isConfidence ? account.policy.confidenceMin : account.policy.agreementMin),
  };
}

/** Best first (confidence × agreement, then name), so that limits bind on the weakest. */
function openBest(cycleId: string, observation: Observation, candidates: readonly Candidate[], decisions: SymbolDecision[]): readonly OpenPlan[] {
  const score = (it: Candidate): number => it.signal.confidence * it.signal.agreement;
  const ranked = [...candidates].sort((a, b) => score(b) - score(a) || (a.symbol.instrument.id < b.symbol.instrument.id ? -1 : 1));
  const opens: OpenPlan[] = [];
  let notional: Dec = ZERO;
  for (const candidate of ranked) {
    const { plan, steps } = tryOpen(cycleId, observation, candidate, { count: opens.length, notional });
    decisions.push(decisionOf(candidate.symbol, candidate.signal, plan === null ? 'refused' : 'open', [...candidate.steps, ...steps]));
    if (plan === null) continue;
    opens.push(plan);
    notional = notional.plus(d(plan.entry.quantity).times(d(plan.entry.decisionPrice)));
  }
  return opens;
}

function tryOpen(cycleId: string, observation: Observation, { symbol, signal }: Candidate, planned: { count: number; notional: Dec }): { plan: OpenPlan | null; steps: readonly DecisionStep[] } {
  const { account } = observation;
  const guard = checkOpening({ symbol, account, late: observation.late, planned });
  if (guard.kind === 'denied') return { plan: null, steps: [{ step: 'guard', verdict: 'refused', code: guard.code, value: guard.value, limit: guard.limit }] };
  const passed: DecisionStep = { step: 'guard', verdict: 'passed', code: null, value: null, limit: null };
  const price = d(symbol.candle.close);
  const stopDistance = stopDistanceOf(symbol, account.policy);
  if (stopDistance === null) return { plan: null, steps: [passed, { step: 'size', verdict: 'refused', code: 'noStopDistance', value: String(symbol.features['atr14']), limit: '> 0 and below the price' }] };
  const size = sizeOf({
    instrument: symbol.instrument, orderType: orderTypeOf(account.policy), price, stopDistance,
    equity: d(account.equity), availableMargin: d(account.availableMargin), exposureRoom: guard.exposureRoom,
    confidence: signal.confidence, factor: signal.speakers === 1 ? 0.5 : 1, policy: account.policy,
  });
  if (size.kind === 'refused') return { plan: null, steps: [passed, { step: 'size', verdict: 'refused', code: size.code, value: size.value, limit: size.limit }] };
  const plan = openPlanOf({ cycleId, observation, symbol, direction: signal.action === 'buy' ? 'long' : 'short', quantity: size.quantity, stopDistance, confidence: signal.confidence });
  return { plan, steps: [passed, { step: 'size', verdict: 'passed', code: null, value: `${size.quantity} by ${size.cappedBy}`, limit: text(guard.exposureRoom) }] };
}

function decisionOf(symbol: SymbolObservation, signal: Signal, outcome: SymbolDecision['outcome'], steps: readonly DecisionStep[]): SymbolDecision {
  const last = steps.at(-1);
  return { instrumentId: symbol.instrument.id, outcome, reason: last?.code ?? signal.action, action: signal.action, confidence: signal.confidence, steps };
}
