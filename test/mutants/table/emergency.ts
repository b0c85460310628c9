/** The emergency stop: trip, sweep, seal, and the graded way back. */
import { TRIGGER_TABLE } from '../../../domain/emergency/triggers.ts';
import type { Mutant } from '../mutant.ts';
import { edit, integration, unit } from '../mutant.ts';

const GUARD = 'domain/emergency/guard.ts';
const RECOVERY = 'domain/emergency/recovery.ts';
const TRIGGERS = 'domain/emergency/triggers.ts';
const CLOSING = 'domain/emergency/closing.ts';
const HOLDINGS = 'domain/emergency/holdings.ts';
const SURVEY = 'domain/emergency/survey.ts';
const OVERLAY = 'domain/emergency/overlay.ts';
const WATCH = 'domain/emergency/watch.ts';
const EQUITY = 'domain/emergency/equity.ts';
const CALLS = 'domain/emergency/venue-calls.ts';
const guard = unit('domain/emergency/guard');
const recovery = unit('domain/emergency/recovery');
const triggers = unit('domain/emergency/triggers');
const closing = unit('domain/emergency/closing');
const survey = unit('domain/emergency/survey');
const shared = unit('venues/shared-symbol');
const watch = unit('domain/emergency/watch');
const effective = unit('domain/policy/effective');

export const EMERGENCY_MUTANTS: readonly Mutant[] = [
  { name: 'trip: once while it trips', guard: 'a second trip while it trips begins no second round', tests: guard, edits: [edit(GUARD, '  if (isHalting(state.mode)) {\n', `  if (state.mode === 'emergency') {\n`)] },
  { name: 'trip: closed is closed', guard: 'a trip in emergency closes nothing again', tests: guard, edits: [edit(GUARD, '  if (isHalting(state.mode)) {\n', `  if (state.mode === 'tripping') {\n`)] },
  { name: 'trip: a person outlasts a loss', guard: 'while it is stopped a cause that only a person ends takes the place of one that ends by itself', tests: guard, edits: [edit(GUARD, 'const isHarder = needsPerson(cause.trigger) &&', 'const isHarder = false &&')] },
  { name: 'trip: heard once', guard: 'a stop that the engine kept undoes no later resume', tests: guard, edits: [edit(GUARD, '  if (isHeard(before, cause)) return same(before);\n', '')] },
  { name: 'trip: another person is noted', guard: 'a second stop stands in history and audit', tests: guard, edits: [edit(GUARD, 'return isHarder || isOtherStop(state, cause) ?', 'return isHarder ?')] },
  { name: 'halt: outlasts recovery', guard: 'a fence raised during an emergency waits for a person', tests: guard, edits: [edit(GUARD, 'noted({ ...state, keepsFence: true },', 'noted({ ...state },')] },
  { name: 'trip: a word of before does not count', guard: 'a new trip needs a new reset', tests: guard, edits: [edit(GUARD, 'cause, resetBy: null, trippedAt: at,', 'cause, trippedAt: at,')] },
  { name: 'trip: a number of its own', guard: 'each emergency has a number, each round of it another', tests: guard, edits: [edit(GUARD, 'round: isNew ? 1 : state.round + 1,', 'round: 1,')] },
  { name: 'trip: an empty request is a person', guard: 'an empty or malformed request stops too, and says so', tests: guard, edits: [edit('domain/emergency/trip-request.ts', `return text === '' ? null : text`, 'return text')] },
  { name: 'flat: of this round', guard: 'a late word of an older round changes nothing', tests: guard, edits: [edit(GUARD, `return isCurrent(state, command) && state.mode === 'tripping' && state.flatAt === null ?`, `return state.mode === 'tripping' && state.flatAt === null ?`)] },
  { name: 'flat: told once', guard: 'a repeated flat changes nothing', tests: guard, edits: [edit(GUARD, ` && state.mode === 'tripping' && state.flatAt === null ?`, ` && state.mode === 'tripping' ?`)] },
  { name: 'sealed: of this round', guard: 'a late word of an older round seals nothing', tests: guard, edits: [edit(GUARD, `return isCurrent(state, command) && state.mode === 'tripping' && state.flatAt !== null\n`, `return state.mode === 'tripping' && state.flatAt !== null\n`)] },
  { name: 'sealed: after flat', guard: 'nothing is sealed that was not flat', tests: guard, edits: [edit(GUARD, ` && state.flatAt !== null\n`, '\n')] },
  { name: 'halting: while it trips', guard: 'no opening is sent from the trip on', tests: guard, edits: [edit(GUARD, `return mode === 'tripping' || mode === 'emergency';`, `return mode === 'emergency';`)] },
  { name: 'halting: in emergency', guard: 'no opening is sent after sealed', tests: guard, edits: [edit(GUARD, `return mode === 'tripping' || mode === 'emergency';`, `return mode === 'tripping';`)] },
  { name: 'step: of this emergency', guard: 'a step of an older emergency changes nothing', tests: guard, edits: [edit(GUARD, 'if (command.emergency !== state.emergency || guardModeOf', 'if (guardModeOf')] },
  { name: 'step: from where it stands', guard: 'a repeated or late step changes nothing', tests: guard, edits: [edit(GUARD, '|| guardModeOf(command.from) !== state.mode ||', '||')] },
  { name: 'step: falling back is a trip', guard: 'nobody steps into emergency without closing', tests: guard, edits: [edit(GUARD, `  if (command.to === 'emergency') return same(state); // falling back is a trip: it closes again\n`, '')] },
  { name: 'step: emergency leads to protective', guard: 'the guard itself skips no step out of emergency', tests: guard, edits: [edit(GUARD, `  if (state.mode === 'emergency' && command.to !== 'protective') return same(state);\n`, '')] },
  { name: 'step: the peak begins anew', guard: 'leaving emergency re-bases the drawdown that trips', tests: guard, edits: [edit(GUARD, `state: state.mode === 'emergency' ? { ...next, peakSince: command.marketAt } : next,`, 'state: next,')] },
  { name: 'reset: the first name stays', guard: 'who resumed is not written over', tests: guard, edits: [edit(GUARD, `return state.mode === 'armed' || state.resetBy !== null ||`, `return state.mode === 'armed' ||`)] },
  { name: 'reset: of this emergency', guard: 'a word about another emergency frees nothing', tests: guard, edits: [edit(GUARD, ' || !isMeant(state, command) ?', ' ?')] },

  { name: 'recovery: dwell', guard: 'a step upward waits for its dwell', tests: recovery, edits: [edit(RECOVERY, '  if (facts.at - betterSince < limits.dwellMs) return { state: { ...state, betterSince }, step: null };\n', '')] },
  { name: 'recovery: a dwell without a break', guard: 'the dwell begins anew when what it needs stops holding', tests: recovery, edits: [edit(RECOVERY, 'if (rank(band) === rank(mode) || !isCauseGone(state, facts.readings, limits)) return { state: { ...state, betterSince: null }, step: null };', 'if (rank(band) === rank(mode) || !isCauseGone(state, facts.readings, limits)) return { state, step: null };')] },
  { name: 'recovery: a dwell for each step', guard: 'the next step waits again', tests: recovery, edits: [edit(RECOVERY, 'return { state: { ...state, mode: to, betterSince: null }, step:', 'return { state: { ...state, mode: to }, step:')] },
  { name: 'recovery: one step upward', guard: 'recovery skips no step', tests: recovery, edits: [edit(RECOVERY, `RECOVERY_MODES[rank(mode) + 1] ?? 'normal'`, 'band')] },
  { name: 'recovery: at once downward', guard: 'a step downward waits for nothing', tests: recovery, edits: [edit(RECOVERY, '  if (rank(band) < rank(mode)) return stepTo(state, band, facts.drawdownBps);\n', '')] },
  { name: 'recovery: cause gone', guard: 'the way out of emergency needs the cause to be gone', tests: recovery, edits: [edit(RECOVERY, ' || !isCauseGone(state, facts.readings, limits)) return', ') return')] },
  { name: 'recovery: a person ends what a person began', guard: `a person's trip ends by a named person's word alone`, tests: recovery, edits: [edit(RECOVERY, 'return needsPerson(cause.trigger) && !isReset;', 'return false;')] },
  { name: 'recovery: a word is enough', guard: 'what a person stopped, a named person resumes', tests: recovery, edits: [edit(RECOVERY, 'return needsPerson(cause.trigger) && !isReset;', 'return needsPerson(cause.trigger);')] },
  { name: 'recovery: no condition holds', guard: 'a condition that came during the emergency holds it up as well', tests: recovery, edits: [edit(RECOVERY, ', ...conditionsHolding(readings, limits)])]', '])]')] },
  { name: 'recovery: unknown gives nothing back', guard: 'no step without a known drawdown', tests: recovery, edits: [edit(RECOVERY, `if (facts.drawdownBps === null || mode === 'normal') return`, `if (mode === 'normal') return`), edit(RECOVERY, 'const band = bandOf(facts.drawdownBps, limits);\n  if (rank', 'const band = bandOf(facts.drawdownBps ?? 0, limits);\n  if (rank'), edit(RECOVERY, 'return stepTo(state, band, facts.drawdownBps);', 'return stepTo(state, band, facts.drawdownBps ?? 0);'), edit(RECOVERY, `?? 'normal', facts.drawdownBps);`, `?? 'normal', facts.drawdownBps ?? 0);`)] },
  { name: 'recovery: edge of a band', guard: 'a drawdown at the edge belongs to the stricter mode', tests: recovery, edits: [edit(RECOVERY, 'if (drawdownBps >= bands.protective)', 'if (drawdownBps > bands.protective)')] },

  { name: 'overlay: emergency forbids', guard: 'the policy forbids new positions while it stops', tests: guard, edits: [edit(OVERLAY, 'emergencyMode: isStopped, allowNewTrades: !isStopped,', 'emergencyMode: isStopped, allowNewTrades: true,')] },
  { name: 'overlay: emergency forbids by itself', guard: 'emergency mode forbids, whatever else the overlay says', tests: effective, edits: [edit('domain/policy/effective.ts', "return overlay.allowNewTrades && !(overlay.owner === 'guard' && overlay.emergencyMode);", 'return overlay.allowNewTrades;')] },
  { name: 'overlay: protective caps', guard: `protective's caps reach the policy`, tests: guard, edits: [edit(OVERLAY, `    case 'protective':\n`, `    case 'emergency':\n`)] },
  { name: 'overlay: cautious caps', guard: `cautious's caps reach the policy`, tests: guard, edits: [edit(OVERLAY, `    case 'cautious':\n`, `    case 'emergency':\n`)] },
  { name: 'overlay: leverage only tightens', guard: 'no overlay raises leverage', tests: effective, edits: [edit('domain/policy/effective.ts', `value: it.owner === 'guard' ? it.leverageMax : null })), isLower);`, `value: it.owner === 'guard' ? it.leverageMax : null })), () => true);`)] },
  { name: 'overlay: notional only tightens', guard: 'no overlay raises the cap on notional', tests: effective, edits: [edit('domain/policy/effective.ts', '(a, b) => d(a).lt(d(b)));', '() => true);')] },
  { name: 'overlay: confidence only tightens', guard: 'no overlay lowers the least confidence', tests: effective, edits: [edit('domain/policy/effective.ts', '(a, b) => a > b);', '() => true);')] },
  { name: 'overlay: one that forbids is enough', guard: 'no overlay allows what another forbids', tests: effective, edits: [edit('domain/policy/effective.ts', '(a, b) => !a && b);', '() => true);')] },
  { name: 'overlay: an enlarging factor is bounded', guard: 'a posture enlarges by no more than the policy says', tests: effective, edits: [edit('domain/policy/effective.ts', 'return smallest.value > policy.aggressiveSizeFactor ?', 'return false ?')] },

  { name: 'sweep: largest risk first', guard: 'the largest position is closed first', tests: closing, edits: [edit(CLOSING, 'notional(b).cmp(notional(a))', 'notional(a).cmp(notional(b))')] },
  { name: 'sweep: a lot is one market order', guard: 'a position larger than the largest market order is closed in parts', tests: closing, edits: [edit(CLOSING, 'lots.push(text(left.gt(max) ? max : left))', 'lots.push(text(left))')] },
  { name: 'sweep: closes only reduce', guard: 'a closing order of one-way mode opens nothing', tests: closing, edits: [edit(CLOSING, `reduceOnly: positionSide === 'both', closesPosition: true`, 'reduceOnly: false, closesPosition: true')] },
  { name: 'sweep: ours and others apart', guard: 'each closing fill belongs to one owner', tests: closing, edits: [edit(CLOSING, `  return [{ part: 'ours', quantity: ours }, { part: 'foreign', quantity: whole.minus(ours) }];`, `  return [{ part: 'ours', quantity: whole }];`)] },
  { name: 'sweep: each pass has its names', guard: 'a later pass is no repetition of the one before', tests: closing, edits: [edit(CLOSING, '/${direction}/${round.attempt}.${lot}`', '/${direction}/${lot}`')] },
  { name: 'sweep: openings by their side in hedge mode', guard: 'an opening is told from a stop where the venue knows no reduce-only', tests: closing, edits: [edit(CLOSING, `  if (order.positionSide === 'both') return !order.reduceOnly;\n`, '  return !order.reduceOnly;\n')] },
  { name: 'sweep: stops rest until it is flat', guard: 'no stop is cancelled while its position is held', tests: survey, edits: [edit(CLOSING, '!isOpening(order) && !held.has(holdingKey(order.instrumentId, order.positionSide)) ;', '!isOpening(order);')] },
  { name: 'sweep: openings are cancelled', guard: 'what could open is taken off the book', tests: survey, edits: [edit(SURVEY, 'openings: orders.filter(isOpening).map(keyOf),', 'openings: [],')] },
  { name: 'sweep: stops of what is gone are cancelled', guard: 'no stop is left that could open the other way', tests: survey, edits: [edit(SURVEY, 'leftovers: orders.filter((order) => isLeftOver(order, held)).map(keyOf),', 'leftovers: [],')] },
  { name: 'sweep: a triggered order is plain', guard: 'a conditional order that triggered is cancelled where it lives', tests: survey, edits: [edit(SURVEY, `book: status === 'triggered' ? 'plain' : book`, 'book')] },
  { name: 'sweep: what a closing order took', guard: 'a second pass takes nothing of another hand', tests: shared, edits: [edit(HOLDINGS, '.plus(change).minus(onTheWay)', '.plus(change)')] },
  { name: 'sweep: fills that are not booked', guard: 'a stop that filled before the ledger heard of it is not closed once more', tests: shared, edits: [edit(HOLDINGS, '.plus(change).minus(onTheWay)', '.minus(onTheWay)')] },
  { name: 'sweep: booked counts once', guard: 'ours is closed to its end', tests: shared, edits: [edit(HOLDINGS, ' && !holding.bookedTrades.includes(it.tradeId)', '')] },
  { name: 'sweep: no order is waited for without end', guard: 'an order that the venue never shows took nothing', tests: shared, edits: [edit(HOLDINGS, 'atMs - sent.sentAt > UNSEEN_MS ? ZERO : ', '')] },
  { name: 'sweep: ours by its name', guard: 'a foreign part is told apart wherever its fills are read', tests: closing, edits: [edit(CLOSING, 'emergencyOrderIdOf(round.deploymentId, intentId, part)', 'emergencyOrderIdOf(round.deploymentId, intentId)')] },
  { name: 'sweep: others stay where the policy says so', guard: 'an exempt position is not closed', tests: survey, edits: [edit(SURVEY, `  if (foreign === 'close') return isFilling(position, ours) ? { ...target, ours: null } : target;\n`, '  return target;\n')] },
  { name: 'sweep: others are closed where it does not', guard: 'a foreign position is closed too', tests: survey, edits: [edit(SURVEY, `  if (foreign === 'close') return isFilling(position, ours) ? { ...target, ours: null } : target;\n`, '')] },
  { name: 'sweep: ours without the ledger', guard: 'what lies on our symbols is closed while the ledger is away', tests: survey, edits: [edit(SURVEY, 'return instrumentIds.includes(position.instrumentId) || ', 'return ')] },
  { name: 'sweep: what an order of ours rests on', guard: 'a symbol that is not in the settings any more is closed while the ledger is away', tests: survey, edits: [edit(SURVEY, ' || ordersOfOursOn(position, { openOrders, deploymentId }).length > 0 ? target', ' ? target')] },
  { name: 'sweep: nothing on the way is clear', guard: 'nothing is proven while a closing order may have taken ours', tests: shared, edits: [edit(HOLDINGS, 'isMoving: onTheWay.gt(ZERO)', 'isMoving: false')] },
  { name: 'sweep: only what closes takes', guard: 'an order of the other side takes nothing', tests: shared, edits: [edit(HOLDINGS, 'isHere(it) && it.side !== entrySide(holding.direction)', 'isHere(it)')] },
  { name: 'sweep: a stop rests until it is known', guard: 'our stop protects what a lost closing order may not have closed', tests: shared, edits: [edit(SURVEY, '[...targets.map((it) => it.position), ...moving]', 'targets.map((it) => it.position)')] },
  { name: 'sweep: another\'s is booked last', guard: 'a fill that closed another\'s holding is booked to ours only while something is held still', tests: unit('activities/reconciliation'), edits: [edit('activities/reconciliation.ts', '  if (d(quantity).eq(ZERO)) return ours;\n', '')] },
  { name: 'sweep: nothing is sent late', guard: 'a process that stood still sends no order that was given up', tests: { project: 'unit', paths: ['test/unit/venues/sweeper.test.ts'], named: 'whose time is over' }, edits: [edit('venues/sweeper.ts', `    if (timestamp > validUntil) throw new KeelError('VENUE_UNREACHABLE', 'its time is over: what is open has to be looked at anew');\n`, '')] },
  { name: 'sweep: clear is all three', guard: 'a position that is held is not clear', tests: survey, edits: [edit(SURVEY, 'return targets.length + openings.length', 'return openings.length')] },

  ...TRIGGER_TABLE.map(withoutTrigger),
  { name: 'trigger: at the limit', guard: 'a loss of just the limit trips', tests: triggers, edits: [edit(TRIGGERS, 'holds: (it, limits) => (it[field] ?? 0) >= limits[field],', 'holds: (it, limits) => (it[field] ?? 0) > limits[field],')] },
  { name: 'trigger: stop-outs', guard: 'many stop-outs trip, the limit itself does not', tests: triggers, edits: [edit(TRIGGERS, 'holds: (it, limits) => it.stopOuts > limits.stopOutsMax,', 'holds: (it, limits) => it.stopOuts >= limits.stopOutsMax,')] },
  { name: 'trigger: execution errors', guard: 'execution errors at the limit trip', tests: triggers, edits: [edit(TRIGGERS, 'it.executionErrors >= limits.executionErrors,', 'it.executionErrors > limits.executionErrors,')] },
  { name: 'trigger: few venue calls tell nothing', guard: 'a failing share of few calls does not trip', tests: triggers, edits: [edit(TRIGGERS, 'it.venueCalls >= limits.venueCallsMin && ', '')] },
  { name: 'trigger: corrupt feed', guard: 'a feed that cannot be understood trips', tests: triggers, edits: [edit(TRIGGERS, 'holds: (it, limits) => it.isFeedCorrupt || it.feedAgeMs', 'holds: (it, limits) => it.feedAgeMs')] },
  { name: 'trigger: silent feed', guard: 'a feed that is silent for too long trips', tests: triggers, edits: [edit(TRIGGERS, 'holds: (it, limits) => it.isFeedCorrupt || it.feedAgeMs > limits.feedAgeMaxMs,', 'holds: (it) => it.isFeedCorrupt,')] },
  { name: 'trigger: unreachable health', guard: 'a monitor that cannot be reached trips', tests: triggers, edits: [edit(TRIGGERS, `holds: (it) => it.health !== 'ok',`, `holds: (it) => it.health === 'critical',`)] },
  { name: 'trigger: told once', guard: 'one crossing is one trip', tests: triggers, edits: [edit(TRIGGERS, 'rule.holds(readings, limits) && !kept.includes(rule.trigger)', 'rule.holds(readings, limits)')] },
  { name: 'trigger: the market alone in a replay', guard: `a replay's trades depend on data alone`, tests: triggers, edits: [edit(TRIGGERS, 'rule.actsInReplay || !isMarketAlone({ isReplay, limits })', 'true')] },
  { name: 'trigger: stop-outs in a replay', guard: 'what the market does stops a replay too', tests: triggers, edits: [edit(TRIGGERS, `trigger: 'stopOuts', clock: 'market', actsInReplay: true`, `trigger: 'stopOuts', clock: 'market', actsInReplay: false`)] },
  { name: 'trigger: machinery in a replay', guard: 'machinery acts in a replay where the policy asks', tests: triggers, edits: [edit(TRIGGERS, 'return isReplay && !limits.machineryInReplay;', 'return isReplay;')] },
  { name: 'trigger: a list of income that lags', guard: 'a real venue that lists income later than it books it trips nothing', tests: integration('db/guard', 'a wallet that differs'), edits: [edit('db/ledger/guard.ts', `AND NOT (x.kind = 'walletMismatch' AND pf.mode = ANY($12) AND`, 'AND NOT (false AND cardinality($12::text[]) > 0 AND')] },
  { name: 'trigger: a wallet that differs for long', guard: 'money that was never booked stops a real account too', tests: integration('db/guard', 'a wallet that differs'), edits: [edit('db/ledger/guard.ts', ' AND x.first_seen_at > $3 - ${INCOME_LAG_MS}::float8))', '))')] },
  { name: 'health: a replay while the ledger is away', guard: 'health stops no replay by the way past the ledger either', tests: unit('activities/health'), edits: [edit('activities/health.ts', 'recordOnly.get(input.portfolioId) ?? false', 'said ?? false')] },
  { name: 'health: strict while the ledger is away', guard: 'what a person set stricter holds while the ledger is away', tests: unit('activities/health'), edits: [edit('activities/unwritten-health.ts', 'toldParts.get(portfolioId) ?? Infinity', 'Infinity')] },
  { name: 'trigger: stop-outs of the moment in lockstep', guard: 'a replay trips at the same look each time', tests: integration('db/guard', 'in lockstep'), edits: [edit('db/ledger/guard.ts', "AND (pf.mode <> 'replay' OR p.closed_at < ${MARKET_AT}) ", '')] },

  { name: 'watch: a loss is asked of the venue', guard: 'a loss that only the stream tells does not trip', tests: watch, edits: [edit(WATCH, '  if (!isCertain && isLoss && !isHalting(guard.mode)) return { memory, command: null, isDoubtful: true };\n', '')] },
  { name: 'watch: what began while it was stopped', guard: 'a condition that began during an emergency trips once trading is back', tests: watch, edits: [edit(WATCH, 'isHalting(guard.mode) ? crossing.memory.filter((it) => isLossTrigger(it) || memory.told.includes(it)) : crossing.memory', 'crossing.memory')] },
  { name: 'watch: the market alone in a replay', guard: 'in a replay no condition of the machinery holds up the way back', tests: watch, edits: [edit(WATCH, 'isMarketAlone(context) ? marketAlone(readings) : readings', 'readings')] },
  { name: 'watch: what the stream has yet to tell', guard: 'in lockstep a withdrawal that a look sees before its event does not trip', tests: watch, edits: [edit(WATCH, 'memory.ahead === null && (context.trustsStream ||', '(context.trustsStream ||')] },
  { name: 'watch: no trip while it is stopped', guard: 'a crossing while it is stopped trips nothing', tests: watch, edits: [edit(WATCH, 'if (crossing.cause !== null && !isHalting(guard.mode)) return { memory: told,', 'if (crossing.cause !== null) return { memory: told,')] },
  { name: 'watch: falling back trips', guard: 'recovery that falls back to emergency closes again', tests: watch, edits: [edit(WATCH, `  if (step.to === 'emergency') {\n`, `  if (step.to === 'normal') {\n`)] },
  { name: 'watch: the peak begins anew', guard: 'leaving emergency re-bases the peak', tests: watch, edits: [edit(WATCH, `equity: step.from === 'emergency' ? rebased(memory.equity) : memory.equity`, 'equity: memory.equity')] },
  { name: 'watch: transfers are no loss', guard: 'money that a person takes is no loss', tests: watch, edits: [edit(WATCH, 'const moved = money.isTransfer && memory.wallet !== null ?', 'const moved = false && memory.wallet !== null ?')] },
  { name: 'watch: transfers of the list', guard: 'a transfer that the stream missed is no loss', tests: watch, edits: [edit(WATCH, 'equity: memory.ahead === null ? withTransfer(memory.equity, Number(text(missed))) : ', 'equity: memory.ahead === null ? memory.equity : ')] },
  { name: 'watch: a deposit before its event', guard: 'in lockstep what a look saw before the stream named it a transfer is no profit', tests: watch, edits: [edit(WATCH, 'ahead: isReplay ? aheadWith(memory, { point, walletBalance: money.walletBalance, seenAt }) : null,', 'ahead: null,')] },
  { name: 'watch: a wallet told out of order', guard: 'an older wallet does not take the place of a newer one', tests: watch, edits: [edit(WATCH, 'if (memory.ahead !== null || (sight.at < memory.walletAt && !isReplay)) return memory;', 'if (memory.ahead !== null) return memory;')] },
  { name: 'watch: a doubted wallet', guard: 'a look at the venue that the stream does not confirm tells nothing', tests: watch, edits: [edit(WATCH, '  if (!isAgreed && !isOverdue) return { ...memory, doubtedSince };\n', '')] },
  { name: 'watch: a dwell of one step', guard: 'a dwell is of one step, round and cause', tests: watch, edits: [edit(WATCH, 'memory.better !== null && memory.better.step === stepNameOf(guard) ?', 'memory.better !== null ?')] },
  { name: 'calls: of all workers', guard: 'calls that other workers failed at count', tests: watch, edits: [edit(CALLS, 'const counted = [own, ...told.filter(({ worker }) => worker !== own.worker)];', 'const counted = [own];')] },
  { name: 'calls: its own once', guard: 'what a worker told of its own calls is not counted twice', tests: watch, edits: [edit(CALLS, 'told.filter(({ worker }) => worker !== own.worker)', 'told')] },
  { name: 'calls: alone without the ledger', guard: 'what others told before the ledger went away hides no failing calls', tests: unit('activities/account-watch'), edits: [edit('activities/account-watch.ts', 'ledger: { ...readings, callsTold: [] },', 'ledger: readings,')] },
  { name: 'calls: a refusal is none that failed', guard: 'a refused order does not count as a failing call', tests: unit('venues/ccxt/rest'), edits: [edit('venues/ccxt/rest.ts', 'status >= 500 || TROUBLE_STATUSES.has(status)', 'status >= 400')] },
  { name: 'calls: turned away at the door', guard: 'calls that the venue turns away before it looks at them count as failing', tests: unit('venues/ccxt/rest'), edits: [edit('venues/ccxt/rest.ts', ' || TROUBLE_STATUSES.has(status);', ';')] },
  { name: 'equity: the peak', guard: 'drawdown counts from the peak', tests: watch, edits: [edit(EQUITY, 'peak: Math.max(memory.peak ?? point.equity, point.equity),', 'peak: point.equity,')] },
  { name: 'equity: the high of the window', guard: 'recovery counts from the high of its window', tests: watch, edits: [edit(EQUITY, 'it.at > point.at - windowMs && it.equity > point.equity', 'it.equity > point.equity')] },
];

/** A trigger of the table that never speaks. */
function withoutTrigger({ trigger }: (typeof TRIGGER_TABLE)[number]): Mutant {
  return { name: `trigger left out: ${trigger}`, guard: `${trigger} trips`, tests: triggers, edits: [edit(TRIGGERS, 'rule.holds(readings, limits) && !kept', `rule.holds(readings, limits) && rule.trigger !== '${trigger}' && !kept`)] };
}
