/** Learned sizing: what it may do, what it learns from, when it is unsure. */
import type { Mutant } from '../mutant.ts';
import { edit, integration, unit } from '../mutant.ts';

const SIGHT = 'domain/learned-sizing/sight.ts';
const MODEL = 'domain/learned-sizing/model.ts';
const COMPARE = 'domain/learned-sizing/compare.ts';
const REWARD = 'domain/learned-sizing/reward.ts';
const MULTIPLIERS = 'domain/learned-sizing/multipliers.ts';
const ACTIVITY = 'activities/sizing.ts';
const BOOK = 'domain/cycle/plan-book.ts';
const CHAIN = 'domain/cycle/chain.ts';
const sight = unit('domain/learned-sizing/sight');
const model = unit('domain/learned-sizing/model');
const learning = (named: string) => integration('models/sizing', named);
const reward = unit('domain/learned-sizing/reward');

export const SIZING_MUTANTS: readonly Mutant[] = [
  { name: 'sizing: advice reduces', guard: 'advice never enlarges', tests: sight, edits: [edit(SIGHT, 'Math.min(NEUTRAL, learned.multiplier)', 'learned.multiplier')] },
  { name: 'sizing: advice under the guard', guard: 'advice opens nothing that would be refused without it', tests: sight, edits: [edit(CHAIN, '{ ...sizing, learned: null }', 'sizing')] },
  { name: 'sizing: what advice leaves', guard: 'what advice leaves of an open passes the guard as well', tests: sight, edits: [edit(CHAIN, 'runGuard(context, { ...reached, book: advised, spike }, sizing)', 'runSize(context, { ...reached, steps: neutral.steps.slice(0, -2) }, sizing, wantedSizeOf(sizing))')] },
  { name: 'sizing: the book that advice leaves', guard: 'what advice left of one open counts at the next', tests: sight, edits: [edit(CHAIN, 'book: advised, spike', 'book: plain, spike')] },
  { name: 'sizing: advice gives no slot away', guard: 'a dropped open keeps its slot', tests: sight, edits: [edit(BOOK, '{ plain: after, advised };', '{ plain, advised };')] },
  { name: 'sizing: advice gives no room away', guard: 'a smaller open keeps its room', tests: sight, edits: [edit(BOOK, 'withOpen(plain, plan, series)', 'withOpen(plain, opened ?? plan, series)')] },
  { name: 'sizing: shadow only watches', guard: 'shadow changes no size', tests: sight, edits: [edit(SIGHT, ` || sight.acts === 'shadow'`, '')] },
  { name: 'sizing: zero is said', guard: 'a multiplier of zero opens nothing, and says why', tests: sight, edits: [edit(CHAIN, 'if (sizing.learned === 0) return refusedAt', 'if (false) return refusedAt'), edit(CHAIN, 'if (sizing.learned === 0) return { ...neutral', 'if (false) return { ...neutral')] },
  { name: 'sizing: what primary needs', guard: 'primary that may not be is advice', tests: sight, edits: [edit(SIGHT, `missing === null ? mode : 'advise'`, 'mode')] },
  { name: 'sizing: trades', guard: 'primary needs its closed trades', tests: sight, edits: [edit(SIGHT, 'if (closedTrades < TRADES_MIN)', 'if (false)')] },
  { name: 'sizing: the bound', guard: 'primary needs a gain that is hardly chance', tests: sight, edits: [edit(SIGHT, 'boundBps === null || !(boundBps > 0)', 'boundBps === null')] },
  { name: 'sizing: a person', guard: 'primary needs an acknowledgement', tests: sight, edits: [edit(SIGHT, 'isAcknowledged ? null :', 'true ? null :')] },
  { name: 'sizing: storm', guard: 'without knowledge, high volatility takes three tenths', tests: sight, edits: [edit(MULTIPLIERS, 'isHighVolatility ? HIGH_VOLATILITY : NEUTRAL', 'NEUTRAL')] },
  { name: 'sizing: unsure is neutral', guard: 'noise moves no size', tests: model, edits: [edit(MODEL, 'gainBps - T * deviationOf(without)', 'gainBps')] },
  { name: 'sizing: drawn to neutral', guard: 'few signals move a size little', tests: model, edits: [edit(MODEL, 'shrunk(best.action, model.samples)', 'best.action')] },
  { name: 'sizing: reach', guard: 'no feature is followed beyond what was learned from', tests: model, edits: [edit(MODEL, 'Math.min(REACH, Math.max(-REACH, value))', 'value')] },
  { name: 'sizing: purged', guard: 'a fold learns from what was known before its test part', tests: model, edits: [edit(COMPARE, '(it) => it.knownAt)', '(it) => it.decidedAt)')] },
  { name: 'sizing: blocks', guard: 'signals of a longest hold stay together', tests: model, edits: [edit(COMPARE, 'longestRun(tested.map((it) => it.sample))', '1')] },
  { name: 'sizing: enough blocks', guard: 'signals that share their luck are no evidence', tests: model, edits: [edit(COMPARE, 'blocks < BLOCKS_MIN', 'false')] },
  { name: 'sizing: whole tenths', guard: 'tenths that share their luck do not show how sure anything is', tests: model, edits: [edit(MODEL, 'shortest < hold', 'false')] },
  { name: 'sizing: not compared', guard: 'primary says why there is no comparison', tests: sight, edits: [edit(SIGHT, 'notCompared !== null', 'false')] },
  { name: 'sizing: impact', guard: 'a larger order pays more', tests: reward, edits: [edit(REWARD, ' + impactBpsOf(notional, facts)', '')] },
  { name: 'sizing: funding', guard: 'funding is paid', tests: reward, edits: [edit(REWARD, ' + fundingBpsOf(open.direction, facts, exitIndex)', '')] },
  { name: 'sizing: fees', guard: 'fees and spread are paid', tests: reward, edits: [edit(REWARD, 'BPS * Number(roundTripCostOf(facts.symbol, facts.conditions.spreadBps))', '0')] },
  { name: 'sizing: open losses', guard: 'a loss on the way counts', tests: reward, edits: [edit(REWARD, 'DRAWDOWN_WEIGHT * share * worstBps', '0')] },
  { name: 'sizing: risk', guard: 'risk has a price', tests: reward, edits: [edit(REWARD, '(RISK_AVERSION / 2) * ((share * stopBps) ** 2 / BPS)', '0')] },
  { name: 'sizing: late candles', guard: 'a signal waits for candles that are missing', tests: learning('wait'), edits: [edit(ACTIVITY, 'unpriced.length > 0 && overFor < WAIT_MS', 'false')] },
  { name: 'sizing: the hold of its own policy', guard: 'a signal waits for the longest hold of the policy that decided it', tests: learning('wait'), edits: [edit(ACTIVITY, 'overFor < 0', 'false')] },
  { name: 'sizing: whole holds', guard: 'no signal is priced before all its candles are there', tests: reward, edits: [edit(REWARD, 'followed.length === count && ', '')] },
];
