/** What limits an opening: the guard's checks, the governor, the size's caps, the posture. */
import { GUARD } from '../../../domain/guard/guard.ts';
import type { GuardCode } from '../../../domain/guard/guard.ts';
import { SIZE_CAPS } from '../../../domain/sizing/size.ts';
import type { Mutant } from '../mutant.ts';
import { edit, integration, unit } from '../mutant.ts';

const CHECKS = 'domain/guard/guard.ts';
const BOOK = 'domain/guard/book-checks.ts';
const GOVERNOR = 'domain/guard/governor.ts';
const SLOTS = 'domain/guard/slots.ts';
const SPIKES = 'domain/guard/spikes.ts';
const SIZE = 'domain/sizing/size.ts';
const LEVERAGE = 'domain/sizing/leverage.ts';
const KELLY = 'domain/sizing/kelly.ts';
const POSTURE = 'domain/oversight/posture.ts';
const STOPS = 'domain/health/stops.ts';
const STRICTER = 'domain/policy/stricter.ts';
const FALLBACK = 'domain/policy/fallback.ts';
const MEND = 'domain/policy/mend.ts';
const HELD = 'db/held-policy.ts';
const checks = unit('domain/guard/guard');
const stops = unit('domain/health/stops');
const governor = unit('domain/guard/governor');
const sizing = unit('domain/sizing/size');
const posture = unit('domain/oversight/posture');
const stricter = unit('domain/policy/stricter');
const fallback = unit('domain/policy/fallback');
const heldTests = integration('db/invalid-policy', 'the newest valid version');

export const RISK_MUTANTS: readonly Mutant[] = [
  ...GUARD.map(({ code }) => withoutCheck(code)),
  { name: 'check: the order of the table', guard: 'the first failure wins', tests: checks, edits: [edit('domain/checks/check.ts', 'for (const row of rows) {', 'for (const row of [...rows].reverse()) {')] },
  { name: 'check: emergency forbids by itself', guard: 'nothing opens in an emergency, whatever the policy says', tests: checks, edits: [edit(CHECKS, 'found(isEmergency || !policy.allowNewTrades,', 'found(!policy.allowNewTrades,')] },
  { name: 'check: leverage of the venue', guard: `the venue's own largest leverage binds`, tests: checks, edits: [edit(CHECKS, 'ofVenue ?? policy.leverageMax', 'policy.leverageMax')] },
  { name: 'check: positions at the limit', guard: 'a full book takes none', tests: checks, edits: [edit(CHECKS, 'book.count >= policy.positionsMax', 'book.count > policy.positionsMax')] },
  { name: 'check: slots at the limit', guard: 'full slots take none', tests: checks, edits: [edit(CHECKS, 'book.count >= slots,', 'book.count > slots,')] },
  { name: 'check: daily loss at the limit', guard: 'a loss of just the limit refuses', tests: checks, edits: [edit(CHECKS, 'bps >= policy.dailyLossMaxBps', 'bps > policy.dailyLossMaxBps')] },
  { name: 'check: gross losses at the limit', guard: 'losses of just the limit refuse', tests: checks, edits: [edit(CHECKS, 'bps >= policy.grossLoss24hMaxBps', 'bps > policy.grossLoss24hMaxBps')] },
  { name: 'check: orders of a minute', guard: 'the limit itself is the last', tests: checks, edits: [edit(CHECKS, '+ orders > policy', '+ orders >= policy')] },
  { name: 'orders of a minute: what an opening brings', guard: 'an opening counts with its stop and targets', tests: unit('domain/cycle/plan-cycle'), edits: [edit('domain/cycle/plan-book.ts', 'book.countsOrders ? ordersOf(open) : 1', '1')] },
  { name: 'orders of a minute: what positions are told', guard: 'closes and moved stops of the same plan count', tests: unit('domain/cycle/plan-cycle'), edits: [edit('domain/cycle/plan-cycle.ts', '    draft.books = withOrders(draft.books, ordersTold(told, position));\n', '')] },
  { name: 'check: margin use at the limit', guard: 'a margin use of just the limit refuses', tests: checks, edits: [edit(CHECKS, 'bps.gte(policy.marginUseMaxBps)', 'bps.gt(policy.marginUseMaxBps)')] },
  { name: 'check: margin that is planned', guard: 'two openings of one cycle do not use the same margin', tests: checks, edits: [edit(CHECKS, '.plus(book.plannedMargin)', '')] },
  { name: 'check: no margin at all', guard: 'nothing opens without available margin', tests: checks, edits: [edit(CHECKS, 'found(d(account.availableMargin).lte(ZERO) || ', 'found(')] },
  { name: 'check: no equity, no margin use', guard: 'without equity margin use is unknown, which refuses', tests: checks, edits: [edit(CHECKS, `if (equity.lte(ZERO)) return { state: 'unknown', value: `, `if (equity.lte(ZERO)) return { state: 'passed', value: `)] },
  { name: 'check: correlation of the same direction', guard: 'a hedge is no concentration', tests: checks, edits: [edit(BOOK, 'if (notional * sign <= 0 || instrumentId', 'if (instrumentId')] },
  { name: 'check: a symbol alone is no group', guard: 'a symbol that moves with no other is judged by its own share', tests: checks, edits: [edit(BOOK, 'group.size < 2 ? 0 : ', '')] },
  { name: 'check: shares of a small book', guard: 'shares bind from the stated position on', tests: checks, edits: [edit(BOOK, 'if (input.book.count + 1 < input.policy.concentrationFrom) return', 'if (false) return')] },
  { name: 'check: what is not known, closed', guard: 'a check that fails closed refuses what it does not know', tests: checks, edits: [edit('domain/checks/check.ts', `if (state === 'failed' || (state === 'unknown' && row.fails === 'closed'))`, `if (state === 'failed')`)] },
  { name: 'data: a gap', guard: 'candles of which one is missing are not decided on', tests: unit('domain/cycle/observe'), edits: [edit('domain/market/quality.ts', `'duplicate', 'gap', 'stale'`, `'duplicate', 'stale'`)] },
  { name: 'data: a gap is asked for', guard: 'a candle that is missing in the middle of a window is asked of the venue', tests: unit('activities/market-reader'), edits: [edit('activities/market-reader.ts', 'const last = candles.find((it, index) => candles[index + 1]?.openTime !== it.openTime + lengthMs);', 'const last = candles.at(-1);')] },
  { name: 'signal: little confidence in high volatility', guard: 'the factor of high volatility is one of its own', tests: unit('domain/signals/combine'), edits: [edit('domain/signals/combine.ts', 'return highVolatilityFactor ?? spikeFactor;', 'return spikeFactor;')] },
  { name: 'exposure: what another hand added', guard: 'what the venue holds beyond ours counts', tests: unit('domain/cycle/foreign'), edits: [edit('domain/cycle/foreign.ts', 'const beyond = d(quantity).minus(own);', 'const beyond = own.gt(ZERO) ? ZERO : d(quantity);')] },
  { name: 'slots: a spike', guard: 'a spike leaves half of the slots', tests: checks, edits: [edit(SLOTS, 'isSpike || regime', 'regime')] },
  { name: 'slots: a strong trend', guard: 'a weak trend does not take all slots', tests: checks, edits: [edit(SLOTS, ' && score >= STRONG_TREND_SCORE;', ';')] },
  { name: 'slots: rounded down', guard: 'slots round down', tests: checks, edits: [edit(SLOTS, 'Math.floor(policy.positionsMax * share)', 'Math.ceil(policy.positionsMax * share)')] },
  { name: 'spike: correlation', guard: 'a spike of correlation halves', tests: checks, edits: [edit(SPIKES, 'if (rise >= policy.correlationSpike) return', 'if (false) return')] },
  { name: 'spike: volatility', guard: 'a spike of volatility halves', tests: checks, edits: [edit(SPIKES, 'if (times >= policy.volatilitySpike) return', 'if (false) return')] },

  { name: 'governor: daily loss', guard: 'a daily loss at the limit blocks', tests: governor, edits: [edit(GOVERNOR, 'lossBps >= policy.dailyLossMaxBps ? 0 : ', '')] },
  { name: 'governor: daily loss slows', guard: 'a daily loss near the limit shrinks', tests: governor, edits: [edit(GOVERNOR, 'lossBps >= policy.dailyLossMaxBps * policy.dailyLossSlowShare ? policy.dailyLossSlowFactor : null', 'null')] },
  { name: 'governor: daily loss unknown', guard: 'an unknown loss blocks', tests: governor, edits: [edit(GOVERNOR, `return { owner: 'dailyLoss', multiplier: 0, value: 'unknown', limit };`, `return { owner: 'dailyLoss', multiplier: null, value: 'unknown', limit };`)] },
  { name: 'governor: streak blocks', guard: 'a streak at its limit blocks', tests: governor, edits: [edit(GOVERNOR, 'lossesInARow >= policy.streakBlock && isFresh ? 0 : ', '')] },
  { name: 'governor: streak slows', guard: 'a streak shrinks', tests: governor, edits: [edit(GOVERNOR, 'lossesInARow >= policy.streakSlow ? policy.streakSlowFactor : null', 'null')] },
  { name: 'governor: an old streak ends', guard: 'a streak blocks no longer than its window', tests: governor, edits: [edit(GOVERNOR, 'lossesInARow >= policy.streakBlock && isFresh', 'lossesInARow >= policy.streakBlock')] },
  { name: 'governor: trades unknown', guard: 'an unknown streak blocks', tests: governor, edits: [edit(GOVERNOR, `return { owner: 'losingStreak', multiplier: 0, value: 'unknown', limit };`, `return { owner: 'losingStreak', multiplier: null, value: 'unknown', limit };`)] },
  { name: 'governor: emergency', guard: 'an emergency blocks', tests: governor, edits: [edit(GOVERNOR, 'multiplier: overlay.isEmergency ? 0 : null', 'multiplier: null')] },
  { name: 'governor: posture', guard: `a posture's factor reaches the size`, tests: governor, edits: [edit(GOVERNOR, `owner: 'posture', multiplier: overlay.sizeFactor,`, `owner: 'posture', multiplier: null,`)] },
  { name: 'governor: overlay unknown', guard: 'an unknown mode blocks', tests: governor, edits: [edit(GOVERNOR, `owner: 'recovery', multiplier: 0, value: 'unknown'`, `owner: 'recovery', multiplier: null, value: 'unknown'`)] },
  { name: 'governor: without a model', guard: 'rules alone act smaller once a model acted', tests: governor, edits: [edit(GOVERNOR, 'multiplier: isWithout ? policy.withoutModelFactor : null', 'multiplier: null')] },
  { name: 'governor: the smallest wins', guard: 'the strictest directive decides', tests: governor, edits: [edit(GOVERNOR, 'it.multiplier < least.multiplier ? it : least', 'it.multiplier > least.multiplier ? it : least')] },
  { name: 'governor: nothing computed', guard: 'no directive computed yet blocks', tests: governor, edits: [edit(GOVERNOR, `if (directives.length === 0) return { multiplier: 0,`, `if (directives.length === 0) return { multiplier: 1,`)] },

  ...SIZE_CAPS.map(withoutCap),
  { name: 'size: the smaller cap on notional', guard: 'the share of equity binds too', tests: sizing, edits: [edit(SIZE, 'return byShare.lt(absolute) ? byShare : absolute;', 'return absolute;')] },
  { name: 'size: margin for fees', guard: 'a tenth of the margin is left', tests: sizing, edits: [edit(SIZE, '.times(d(MARGIN_SHARE))', '')] },
  { name: 'size: never below zero', guard: 'no room left is no size', tests: sizing, edits: [edit(SIZE, 'quantity: least.quantity.gt(ZERO) ? least.quantity.toDecimalPlaces(QUANTITY_PLACES, Dec.ROUND_DOWN) : ZERO,', 'quantity: least.quantity,')] },
  { name: 'size: cut downward', guard: 'no rounding lifts a size above its cap', tests: sizing, edits: [edit(SIZE, 'least.quantity.toDecimalPlaces(QUANTITY_PLACES, Dec.ROUND_DOWN) : ZERO', 'least.quantity : ZERO')] },
  { name: 'size: every factor', guard: `the governor's factor reaches the risk`, tests: sizing, edits: [edit(SIZE, 'governor: input.governor,', 'governor: 1,')] },
  { name: 'size: the spike', guard: `the spike's factor reaches the risk`, tests: sizing, edits: [edit(SIZE, 'spike: input.spikeFactor,', 'spike: 1,')] },
  { name: 'size: the signal', guard: `the signal's factor reaches the risk`, tests: sizing, edits: [edit(SIZE, 'signal: input.signalFactor,', 'signal: 1,')] },
  { name: 'size: unknown volatility', guard: 'an unknown volatility counts as high', tests: sizing, edits: [edit(SIZE, '!Number.isFinite(dailyBps)) return volatilityFactorMin;', '!Number.isFinite(dailyBps)) return volatilityFactorMax;')] },
  { name: 'size: a symbol that lost', guard: 'a symbol that mostly lost shrinks', tests: sizing, edits: [edit(SIZE, '? policy.symbolFactor : 1;', '? 1 : 1;')] },
  { name: 'size: a negative edge', guard: 'a negative edge gives zero, never a floor', tests: sizing, edits: [edit(KELLY, 'return Math.max(0, Math.min(1,', 'return Math.max(0.1, Math.min(1,')] },
  { name: 'leverage: policy', guard: `leverage is never above the policy's`, tests: sizing, edits: [edit(LEVERAGE, 'Math.floor(Math.min(policy.leverageMax, input', 'Math.floor(Math.min(Infinity, input')] },
  { name: 'leverage: venue', guard: `leverage is never above the venue's`, tests: sizing, edits: [edit(LEVERAGE, 'input.venueMax ?? policy.leverageMax,', 'policy.leverageMax,')] },
  { name: 'leverage: unproven', guard: 'a symbol of few trades takes little leverage', tests: sizing, edits: [edit(LEVERAGE, '? policy.leverageUnproven : Infinity', '? Infinity : Infinity')] },
  { name: 'leverage: drawdown', guard: 'a drawdown lowers leverage', tests: sizing, edits: [edit(LEVERAGE, 'return byMargin * byDrawdown * byTrend;', 'return byMargin * byTrend;')] },
  { name: 'leverage: margin', guard: 'margin in use lowers leverage', tests: sizing, edits: [edit(LEVERAGE, 'return byMargin * byDrawdown * byTrend;', 'return byDrawdown * byTrend;')] },

  { name: 'posture: an emergency', guard: 'an emergency is critical', tests: posture, edits: [edit(POSTURE, `  if (isHalting(guard)) return { posture: 'critical', why: \`the guard is \${guard}\` };\n`, '')] },
  { name: 'posture: critical health', guard: 'critical health is critical', tests: posture, edits: [edit(POSTURE, `  if (health === 'critical') return { posture: 'critical', why: 'health is critical' };\n`, '')] },
  { name: 'posture: an unknown drawdown', guard: 'an unknown drawdown is as bad as a loss', tests: posture, edits: [edit(POSTURE, `  if (drawdown === null) return { posture: 'safe', why: 'the drawdown is not known' };\n`, `  if (drawdown === null) return { posture: 'normal', why: 'the drawdown is not known' };\n`)] },
  { name: 'stopped: a killed worker', guard: 'a queue one of whose workers was killed is not stopped', tests: stops, edits: [edit(STOPS, `open.some((it) => it.state === 'running' || `, `open.some((it) => `)] },
  { name: 'stopped: one that died while it drained', guard: 'who drains for too long has died', tests: stops, edits: [edit(STOPS, 'const STOPPING_MS = 30_000;', 'const STOPPING_MS = 1e12;')] },
  { name: 'stopped: what is open', guard: 'with something open absence counts', tests: stops, edits: [edit(STOPS, '  if (situation.isOpen && WATCHES.includes(part)) return true;\n', '')] },
  { name: 'stopped: feeds of cycles that run', guard: 'feeds are needed while cycles run', tests: stops, edits: [edit(STOPS, `return FEEDS.includes(part) && askedOfQueues('cycle', situation) === null;`, 'return false;')] },
  { name: 'stopped: time to resume', guard: 'one that died while it drained gets no time to start', tests: stops, edits: [edit(STOPS, '  return (RUNS_ON[part] ?? []).every(', '  return true || (RUNS_ON[part] ?? []).every(')] },
  { name: 'stopped: counted as ill', guard: 'what stopped in good order makes the whole no worse', tests: stops, edits: [edit('domain/health/check.ts', `['healthy', 'starting', 'stopping', 'stopped'];`, `['healthy', 'starting'];`)] },
  { name: 'stopped: the monitor', guard: 'a looker that stopped in good order is not unreachable', tests: unit('domain/health/check'), edits: [edit('domain/health/check.ts', 'newest.isStopped === true || ', '')] },
  { name: 'posture: degraded health', guard: 'degraded health is safe', tests: posture, edits: [edit(POSTURE, `  if (health === 'degraded') return { posture: 'safe', why: 'health is degraded' };\n`, '')] },
  { name: 'posture: health in a replay', guard: `health moves no posture of a replay, unless the policy asks`, tests: posture, edits: [edit(POSTURE, 'isReplay && !policy.machineryInReplay ?', 'isReplay ?')] },
  { name: 'posture: room that changed', guard: 'nobody is bold by room that is no more', tests: unit('activities/market'), edits: [edit(POSTURE, ' && a.room?.open === b.room?.open && a.room?.slots === b.room?.slots', '')] },
  { name: 'posture: bold while armed alone', guard: 'nobody is bold on the way back from an emergency', tests: posture, edits: [edit(POSTURE, `const isBold = guard === 'armed' && `, 'const isBold = ')] },
  { name: 'posture: dwell', guard: 'a posture gets bolder only after its dwell', tests: posture, edits: [edit(POSTURE, '  if (isBolder && facts.at - state.since < policy.postureDwellMin * MINUTE_MS) return { state: kept, change: null };\n', '')] },
  { name: 'posture: stricter at once', guard: 'a stricter posture waits for nothing', tests: posture, edits: [edit(POSTURE, 'if (isBolder && facts.at', 'if (facts.at')] },
  { name: 'posture: nearly the same', guard: 'a posture that asks for nearly the same is no change', tests: posture, edits: [edit(POSTURE, '  if (isBolder && alikeness(policy, state.posture, posture) >= policy.postureAlikeMin) return { state: kept, change: null };\n', '')] },
  { name: 'posture: a critical one forbids', guard: 'critical allows no new trades', tests: posture, edits: [edit(POSTURE, `case 'critical': return { ...none, allowNewTrades: false };`, `case 'critical': return none;`)] },
  { name: 'policy: the stricter of two', guard: 'what a person set stricter stays', tests: stricter, edits: [edit(STRICTER, 'isLooser(key, builtIn, held) ? held : builtIn', 'false ? held : builtIn')] },
  { name: 'policy: terms of the account', guard: 'no caution changes the terms of an account', tests: stricter, edits: [edit(STRICTER, `stricter === 'kept' || isLooser`, 'isLooser')] },
  { name: 'policy: a preset and the terms of the account', guard: 'no preset changes the terms of an account', tests: unit('domain/policy/change'), edits: [edit('domain/policy/change.ts', "return ruleOf(key).stricter === 'kept';", 'return false;')] },
  { name: 'policy: an old copy tightens', guard: 'the built-in policy is no looser than the last good copy', tests: fallback, edits: [edit(FALLBACK, 'lastGood === null ? builtIn : stricterOf(lastGood.policy, builtIn)', 'builtIn')] },
  { name: 'policy: an invalid version tightens', guard: 'what is valid of an invalid version counts', tests: fallback, edits: [edit(FALLBACK, `answer.kind === 'read' ? answer.stored.policy : PRESETS.defensive;`, 'PRESETS.defensive;')] },
  { name: 'policy: an invalid version does not hold', guard: 'a version with a refused key is not taken for the policy', tests: unit('activities/policy'), edits: [edit(FALLBACK, `answer.kind === 'read' && policyProblem === null)`, `answer.kind === 'read')`)] },
  { name: 'policy: an invalid version is no copy', guard: 'the last good copy is of a valid version', tests: unit('activities/policy'), edits: [edit('activities/policy.ts', ' && answer.stored.problems.length === 0)', ')')] },
  { name: 'policy: an invalid one under the built-in', guard: 'of an invalid version nothing looser than the built-in policy holds', tests: fallback, edits: [edit(MEND, 'tightened(stricterOf(alone, known))', 'tightened(alone)')] },
  { name: 'policy: what does not fit gets stricter', guard: 'of two keys that do not fit the stricter one stays', tests: fallback, edits: [edit(MEND, 'tightened(stricterOf(alone, known))', 'stricterOf(alone, known)')] },
  { name: 'policy: an invalid one under the version before it', guard: 'of an invalid version nothing looser than the newest valid one holds', tests: fallback, edits: [edit(MEND, 'before === null ? PRESETS.defensive : stricterOf(before, PRESETS.defensive)', 'PRESETS.defensive')] },
  { name: 'policy: valid versions are looked for', guard: 'every reader knows the newest valid version, also one that starts anew', tests: heldTests, edits: [edit(HELD, ', await newestValid(client, portfolioId, newest.version, timeout)', '')] },
  { name: 'policy: the newest valid one', guard: 'what a person replaced does not come back', tests: heldTests, edits: [edit(HELD, 'ORDER BY version DESC', 'ORDER BY version')] },
  { name: 'policy: however many slips', guard: 'many versions that are not valid hide none that is', tests: heldTests, edits: [edit(HELD, 'below = rows.at(-1)?.version ?? 0;', 'below = 0;')] },
];

/** A check of the table that is not looked at. */
function withoutCheck(code: GuardCode): Mutant {
  return { name: `check left out: ${code}`, guard: `the guard refuses with ${code}`, tests: checks, edits: [edit(CHECKS, '...BOOK_CHECKS, ...LAST_CHECKS];', `...BOOK_CHECKS, ...LAST_CHECKS].filter((it) => it.code !== '${code}');`)] };
}

/** A cap that does not bind. */
function withoutCap(cap: (typeof SIZE_CAPS)[number]): Mutant {
  return { name: `cap left out: ${cap}`, guard: `no size above the cap ${cap}`, tests: sizing, edits: [edit(SIZE, 'const least = caps.reduce(', `const least = caps.filter((it) => it.cappedBy !== '${cap}').reduce(`)] };
}
