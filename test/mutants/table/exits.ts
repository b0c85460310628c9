/** Exits: where stops and targets lie, how they move, and what a position owes until it is flat. */
import type { Mutant } from '../mutant.ts';
import { edit, unit } from '../mutant.ts';

const STEPS = 'domain/exits/stop-steps.ts';
const LADDER = 'domain/exits/ladder.ts';
const PLAN = 'domain/exits/exit-plan.ts';
const RUNGS = 'domain/positions/rungs.ts';
const DUTIES = 'domain/positions/duties.ts';
const INTENTS = 'domain/positions/intents.ts';
const MANAGE = 'domain/cycle/manage-position.ts';
const exits = unit('domain/exits/exits');
const duties = unit('domain/positions/duties');
const cycle = unit('domain/cycle/plan-cycle');

export const EXIT_MUTANTS: readonly Mutant[] = [
  { name: 'stop: never beyond the market', guard: 'a stop that would trigger at once is not placed', tests: exits, edits: [edit(STEPS, 'close.minus(stopPrice).times(sign).gt(0)', 'true')] },
  { name: 'stop: moves for an improvement alone', guard: 'a stop only tightens, by more than the least move', tests: exits, edits: [edit(STEPS, '.times(sign).gt(policy.stopMoveMinBps) ? tightest : null', '.times(sign).gt(-1e9) ? tightest : null')] },
  { name: 'stop: the least move', guard: 'a stop does not move for less than the least move', tests: exits, edits: [edit(STEPS, '.times(sign).gt(policy.stopMoveMinBps) ?', '.times(sign).gt(0) ?')] },
  { name: 'stop: the tightest step', guard: 'of all steps that are due the tightest moves the stop', tests: exits, edits: [edit(STEPS, 'it.stopPrice.minus(best.stopPrice).times(sign).gt(0) ? it : best', 'it.stopPrice.minus(best.stopPrice).times(sign).gt(0) ? best : it')] },
  { name: 'stop: breakeven when earned', guard: 'breakeven waits for its profit', tests: exits, edits: [edit(STEPS, '  if (profitOf(input).lt(d(position.riskPerUnit).times(d(numbersOf(input).breakevenR)))) return null;\n', '')] },
  { name: 'stop: breakeven pays the costs', guard: 'breakeven lies beyond both fees', tests: exits, edits: [edit(STEPS, 'd(instrument.takerFeeRate).times(2).plus(', 'd(0).plus(')] },
  { name: 'stop: lock waits', guard: 'profit is locked only once it is old', tests: exits, edits: [edit(STEPS, 'closeTime - position.openedAt <= waitMs || ', '')] },
  { name: 'stop: lock at its share', guard: 'profit is locked beyond the stated share of the target only', tests: exits, edits: [edit(STEPS, ' || profit.lte(target.times(d(policy.lockAtShare)))) return null;', ') return null;')] },
  { name: 'stop: trails from the first rung', guard: 'the stop does not trail before the first rung', tests: exits, edits: [edit(STEPS, '  if (!isReached && !isPartlyTaken) return null;\n', '')] },
  { name: 'stop: trails once a part is taken', guard: 'the rest of a ladder trails', tests: exits, edits: [edit(STEPS, 'if (!isReached && !isPartlyTaken)', 'if (!isReached)')] },
  { name: 'stop: ages when flat', guard: 'only what is flat ages', tests: exits, edits: [edit(STEPS, 'return isOld && profitOf(input).abs().lte(d(position.riskPerUnit).times(d(FLAT_R)));', 'return isOld;')] },
  { name: 'stop: ages when old', guard: 'only what is old ages', tests: exits, edits: [edit(STEPS, 'return isOld && profitOf', 'return profitOf')] },
  { name: 'exit: the stop clears the costs', guard: 'the stop lies beyond the costs of a round trip', tests: exits, edits: [edit(PLAN, 'larger(atr.times(d(stopAtr)).times(d(scale.stop)), price.times(input.roundTripCost).times(d(policy.stopCostsMin)))', 'atr.times(d(stopAtr)).times(d(scale.stop))')] },
  { name: 'exit: the least reward', guard: 'a target is worth its risk', tests: exits, edits: [edit(PLAN, 'return value.lt(min) ? min : value.gt(max) ? max : value;', 'return value.gt(max) ? max : value;')] },
  { name: 'exit: the largest reward', guard: 'a target can be reached', tests: exits, edits: [edit(PLAN, 'return value.lt(min) ? min : value.gt(max) ? max : value;', 'return value.lt(min) ? min : value;')] },
  { name: 'exit: a stop below the price', guard: 'no exits with a stop at zero or beyond', tests: exits, edits: [edit(PLAN, 'return stop.gt(ZERO) && stop.lt(price) ?', 'return stop.gt(ZERO) ?')] },
  { name: 'exit: a switch for scaling', guard: 'the policy switches dynamic exits off', tests: exits, edits: [edit(PLAN, '  if (!policy.dynamicExits) return { target: 1, stop: 1 };\n', '')] },

  { name: 'rung: rounds down', guard: 'rungs never close more than their share', tests: exits, edits: [edit(LADDER, `d(stepSize), 'down')`, `d(stepSize), 'up')`)] },
  { name: 'rung: large enough for the venue', guard: 'a rung that the venue would refuse makes no ladder', tests: exits, edits: [edit(LADDER, 'return isClimbable(ladder, d(quantity), instrument) ? ladder : null;', 'return ladder;')] },
  { name: 'rung: the first is nearer', guard: 'the first rung lies before the target', tests: exits, edits: [edit(LADDER, '.times(d(ladder.firstAtShare))));', '));')] },
  { name: 'rung: as the entry was filled', guard: 'an entry that was filled in part takes the ladder that fits it', tests: duties, edits: [edit(RUNGS, 'return ladder !== null && isClimbable(ladder, entryFilled(orders), plan.instrument) ? ladder : null;', 'return ladder;')] },
  { name: 'rung: what it has closed counts', guard: 'TP1 closes its share once', tests: duties, edits: [edit(RUNGS, 'atLeastZero(share.minus(filledOf(orders, leg)))', 'atLeastZero(share)')] },
  { name: 'rung: no more than is held', guard: 'TP2 closes what TP1 leaves at most', tests: duties, edits: [edit(RUNGS, `smaller(left('target', shares.target), held.minus(first))`, `left('target', shares.target)`)] },
  { name: 'rung: leaves a rest', guard: 'a rung of a ladder does not close all', tests: duties, edits: [edit(RUNGS, 'price: target, isWhole: false },', 'price: target, isWhole: true },')] },
  { name: 'rung: a target only comes nearer', guard: 'a target never moves away', tests: duties, edits: [edit(RUNGS, 'decided.reduce((best, price) => (isNearer(price, best) ? price : best))', 'decided.reduce((best, price) => (isNearer(price, best) ? best : price))')] },
  { name: 'rung: one that did not act', guard: 'a rung that was reached without acting is closed at market', tests: duties, edits: [edit(DUTIES, 'return rows.some((row) => isCrossed(row)) ? rungAtMarketFor(plan, order) : targetIntentFor', 'return false ? rungAtMarketFor(plan, order) : targetIntentFor')] },
  { name: 'rung: after the entry', guard: 'no rung is placed while the entry may still fill', tests: duties, edits: [edit(DUTIES, 'const rungs = hasOpenEntry(snapshot) ? [] : rungsOf', 'const rungs = rungsOf')] },
  { name: 'rung: crossed is not the end', guard: 'a ladder goes on after a rung was reached', tests: duties, edits: [edit(DUTIES, `(row.intent.leg === 'stop' || !isLadder)`, 'true')] },

  { name: 'held: what others closed', guard: 'a stop follows what another hand closed of its position', tests: duties, edits: [edit(DUTIES, 'd(outside).neg());', 'ZERO);')] },
  { name: 'stop order: quantity follows', guard: 'a stop of another quantity is replaced', tests: duties, edits: [edit(DUTIES, 'remainingOf(row).eq(quantity) && row.intent.triggerPrice', 'row.intent.triggerPrice')] },
  { name: 'stop order: price follows', guard: 'a stop at another price is replaced', tests: duties, edits: [edit(DUTIES, 'remainingOf(row).eq(quantity) && row.intent.triggerPrice === next.triggerPrice;', 'remainingOf(row).eq(quantity);')] },
  { name: 'stop order: exactly one', guard: 'the stop that was replaced is cancelled once the new one works', tests: duties, edits: [edit(DUTIES, '...cancels([...working.filter((row) => row !== kept), ...rows.filter(neverSent)])];', '...cancels(rows.filter(neverSent))];')] },
  { name: 'stop order: covers what is held', guard: 'a stop of a part covers nothing', tests: duties, edits: [edit(DUTIES, 'WORKING_STATES.includes(row.state) && remainingOf(row).gte(held)', 'WORKING_STATES.includes(row.state)')] },
  { name: 'stop order: a part of the entry', guard: 'what is filled is protected while the rest works', tests: duties, edits: [edit(DUTIES, '  return [...duties, ...stopDuties(snapshot, held), ...targetDuties(snapshot, held)];', '  return [...duties, ...(duties.length > 0 ? [] : stopDuties(snapshot, held)), ...targetDuties(snapshot, held)];')] },
  { name: 'stop order: reduces', guard: 'a stop of one-way mode opens nothing', tests: duties, edits: [edit(INTENTS, `reduceOnly: entry.positionSide === 'both',`, 'reduceOnly: false,')] },
  { name: 'exit order: reached without acting', guard: 'a stop that would trigger at once closes at market', tests: duties, edits: [edit(DUTIES, 'return reason === WOULD_TRIGGER_AT_ONCE || reason', 'return reason')] },
  { name: 'exit order: refused stops', guard: 'a position whose stops are refused closes', tests: duties, edits: [edit(DUTIES, 'if (isOverdue || isRefused) return', 'if (isOverdue) return')] },
  { name: 'exit order: uncovered for too long', guard: 'a position without a stop closes', tests: duties, edits: [edit(DUTIES, 'if (isOverdue || isRefused) return', 'if (isRefused) return')] },
  { name: 'exit order: largest market order', guard: 'an exit is no larger than the venue takes', tests: duties, edits: [edit(DUTIES, 'const quantity = held.gt(largest) ? largest : held;', 'const quantity = held;')] },
  { name: 'emergency: another hand closes', guard: 'a position stands aside in an emergency', tests: duties, edits: [edit(DUTIES, `  if (instructions.some((it) => it.kind === 'emergency')) return standingAside(orders);\n`, '')] },
  { name: 'emergency: its stop rests', guard: 'standing aside takes no stop away', tests: duties, edits: [edit(DUTIES, `neverSent(row) || (row.intent.leg === 'entry' && WORKING_STATES.includes(row.state))`, `neverSent(row) || WORKING_STATES.includes(row.state)`)] },
  { name: 'emergency: its entries are cancelled', guard: 'standing aside cancels what could open', tests: duties, edits: [edit(DUTIES, `neverSent(row) || (row.intent.leg === 'entry' && WORKING_STATES.includes(row.state))`, `neverSent(row)`)] },

  { name: 'manage: a close beyond the stop', guard: 'a candle beyond the stop closes', tests: cycle, edits: [edit(MANAGE, `  if (beyond(position.stopPrice, isLong)) return 'stop';\n`, '')] },
  { name: 'manage: a ladder trails on', guard: 'a candle beyond the target does not close a ladder', tests: cycle, edits: [edit(MANAGE, 'position.ladder === null && beyond', 'beyond')] },
  { name: 'manage: the longest hold', guard: 'what is too old closes', tests: cycle, edits: [edit(MANAGE, `  if (isTooOld) return 'age';\n`, '')] },
  { name: 'manage: an opposite signal', guard: 'a signal the other way closes', tests: cycle, edits: [edit(MANAGE, `  if (signal.code === null && signal.action === (isLong ? 'sell' : 'buy')) return 'signal';\n`, '')] },
  { name: 'manage: a price that cannot be trusted', guard: 'a bad candle closes nothing but what is too old', tests: cycle, edits: [edit(MANAGE, `  if (!symbol.quality.tradable) return isTooOld ? 'age' : null; // a price that cannot be trusted closes nothing\n`, '')] },
  { name: 'manage: funding that costs', guard: 'a position that its profit does not carry over funding closes', tests: cycle, edits: [edit(MANAGE, `return costsFunding(managing, entry, close) ? 'funding' : null;`, 'return null;')] },
];
