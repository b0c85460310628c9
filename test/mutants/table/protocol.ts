/** The pure decisions: who may send, when absence is proven, what an event does to a row, what a position owes. */
import type { Mutant } from '../mutant.ts';
import { edit, unit } from '../mutant.ts';

const PROTOCOL = 'domain/orders/protocol.ts';
const TRANSITIONS = 'domain/orders/transitions.ts';
const FENCE = 'domain/orders/fence.ts';
const DUTIES = 'domain/positions/duties.ts';
const protocolTests = unit('domain/orders/protocol');
const transitionTests = unit('domain/orders/transitions');
const fenceTests = unit('domain/orders/fence');
const dutyTests = unit('domain/positions/duties');
const roundingTests = unit('domain/market/rounding');

export const PROTOCOL_MUTANTS: readonly Mutant[] = [
  { name: 'fence unread', guard: 'an opening whose fence could not be read is not sent', tests: protocolTests, edits: [edit(PROTOCOL, `if (fence === null) return { kind: 'halted', reason: 'fenceUnknown' };`, `if (fence === null) return { kind: 'send' };`)] },
  { name: 'fence halted', guard: 'no opening goes out while the fence is up', tests: protocolTests, edits: [edit(PROTOCOL, `if (fence.halted) return { kind: 'halted', reason: 'fenceHalted' };`, '')] },
  { name: 'fence epoch', guard: 'a decision from before the stop stays void', tests: protocolTests, edits: [edit(PROTOCOL, `if (fence.epoch !== intent.epoch) return { kind: 'halted', reason: 'epochMovedOn' };`, '')] },
  { name: 'fence lets exits pass', guard: 'what reduces risk is never halted', tests: protocolTests, edits: [edit(PROTOCOL, 'if (!isReducing(intent)) {\n    if (fence', 'if (true) {\n    if (fence')] },
  { name: 'attempt deadline', guard: 'past its deadline an attempt is not sent', tests: protocolTests, edits: [edit(PROTOCOL, `return input.nowMs > input.deadlineMs ? { kind: 'notSent' } : { kind: 'send' };`, `return { kind: 'send' };`)] },
  { name: 'validity', guard: 'an opening that is too old is not sent', tests: protocolTests, edits: [edit(PROTOCOL, 'nowMs <= intent.validUntil', 'true')] },
  { name: 'largest distance', guard: 'an opening whose market moved away is not sent', tests: protocolTests, edits: [edit(PROTOCOL, '.abs().lte(intent.maxDriftBps)', '.lte(intent.maxDriftBps)')] },
  { name: 'wait before absence', guard: 'a look counts only after deadline, recvWindow and margin', tests: protocolTests, edits: [edit(PROTOCOL, 'looks.filter((look) => look.atMs >= absenceProvableAt(row, times))', 'looks')] },
  { name: 'margin of absence', guard: 'clocks and look-ups may lag by the margin', tests: protocolTests, edits: [edit(PROTOCOL, ' + times.absenceMarginMs', '')] },
  { name: 'two looks before absence', guard: 'one empty look proves nothing', tests: protocolTests, edits: [edit(PROTOCOL, 'last.atMs - first.atMs >= times.looksApartMs', 'last.atMs >= first.atMs')] },
  { name: 'unknown is looked for', guard: 'an order without an answer is never sent again before its absence is proven', tests: protocolTests, edits: [edit(PROTOCOL, `if (row.state === 'submitting' || row.state === 'unknown') return 'reconcile';`, '')] },
  { name: 'partial closes wait for the ledger', guard: 'only a full close goes out without the ledger', tests: protocolTests, edits: [edit(PROTOCOL, 'return isReducing(intent) && intent.closesPosition;', 'return isReducing(intent);')] },
  { name: 'entries wait for the ledger', guard: 'no opening goes out without the ledger, whatever it says of itself', tests: protocolTests, edits: [edit(PROTOCOL, 'return isReducing(intent) && intent.closesPosition;', 'return intent.closesPosition;')] },
  { name: 'memory over an unheard attempt', guard: '"planned" is no proof for an order that may have gone without the ledger', tests: protocolTests, edits: [edit(PROTOCOL, 'return isUnheard ? remembered : written;', 'return written ?? remembered;')] },

  { name: 'news of another attempt', guard: 'an attempt speaks for itself only', tests: transitionTests, edits: [edit(TRANSITIONS, `return event.kind !== 'claimed' && 'attempt' in event && event.attempt !== row.attempt;`, 'return false;')] },
  { name: 'attempts never go back', guard: 'an attempt number is used once', tests: transitionTests, edits: [edit(TRANSITIONS, 'return attempt > row.attempt + 1 && row.acceptedAt === null', 'return row.acceptedAt === null')] },
  { name: 'one attempt under way', guard: 'the next attempt is claimed only while nothing of the order is under way', tests: transitionTests, edits: [edit(TRANSITIONS, `if (attempt === row.attempt + 1) return canApply(row.state, 'claimed');`, 'if (attempt === row.attempt + 1) return true;')] },
  { name: 'skipping attempts is for full closes', guard: 'only what may go without the ledger skips attempt numbers', tests: transitionTests, edits: [edit(TRANSITIONS, ' && row.acceptedAt === null && mayGoWithoutLedger(row.intent);', ' && row.acceptedAt === null;')] },
  { name: 'filled quantity never shrinks', guard: 'an old report takes no fill away', tests: transitionTests, edits: [edit(TRANSITIONS, 'const filled = isNews ? reported : known;', 'const filled = reported;')] },
  { name: 'an ended order never works again', guard: 'a late report of working days changes nothing', tests: transitionTests, edits: [edit(TRANSITIONS, 'if (DONE_STATES.includes(row.state) && row.acceptedAt !== null) return row.state;', '')] },
  { name: 'a repeated event', guard: 'a write that is repeated changes nothing', tests: transitionTests, edits: [edit(TRANSITIONS, ' || LEAVES[event.kind] === row.state) return row;', ') return row;')] },
  { name: 'the venue knows better', guard: 'an order that only we believed ended follows the venue', tests: transitionTests, edits: [edit(TRANSITIONS, 'DONE_STATES.includes(row.state) && row.acceptedAt !== null', 'DONE_STATES.includes(row.state)')] },

  { name: 'one rise, one epoch', guard: 'a second stop while halted changes nothing', tests: fenceTests, edits: [edit(FENCE, 'return fence.halted ? fence : ', 'return ')] },
  { name: 'a stop moves the epoch on', guard: 'decisions from before a stop are void', tests: fenceTests, edits: [edit(FENCE, 'epoch: fence.epoch + 1, halted: true', 'epoch: fence.epoch, halted: true')] },
  { name: 'wait before sealed', guard: 'what passed the fence before it rose has arrived', tests: fenceTests, edits: [edit(FENCE, 'looks.filter((look) => look.atMs >= sealableAt(raisedAtMs, times))', 'looks')] },
  { name: 'two looks before sealed', guard: 'one clear look seals nothing', tests: fenceTests, edits: [edit(FENCE, 'last.atMs - first.atMs >= times.looksApartMs', 'last.atMs >= first.atMs')] },

  { name: 'owner by deployment', guard: 'an order of another deployment is never taken for ours', tests: unit('domain/orders/identity'), edits: [edit('domain/orders/identity.ts', '`${CLIENT_ORDER_ID_PREFIX}${deploymentId}-`) ?', 'CLIENT_ORDER_ID_PREFIX) ?')] },
  { name: 'client id by intent', guard: 'two intents never share a client order id', tests: unit('domain/orders/identity'), edits: [edit('domain/orders/identity.ts', 'sha256(utf8ToBytes(intentId)).subarray(0, 16)', 'sha256(utf8ToBytes(intentId.slice(0, 8))).subarray(0, 16)')] },

  { name: 'place before cancel', guard: 'the old stop is cancelled only once a new one works', tests: dutyTests, edits: [edit(DUTIES, '...cancels(stale)];', '...cancels([...stale, ...working])];')] },
  { name: 'cancels come last', guard: 'every submission stands before every cancel', tests: dutyTests, edits: [edit(DUTIES, 'return [...duties.filter((duty) => !isCancel(duty)), ...duties.filter(isCancel)];', 'return [...duties.filter(isCancel), ...duties.filter((duty) => !isCancel(duty))];')] },
  { name: 'stops never loosen', guard: 'the tightest stop ever decided stands', tests: dutyTests, edits: [edit(DUTIES, 'decided.reduce((best, price) => (isTighter(price, best) ? price : best))', 'decided.reduce((best, price) => (isTighter(price, best) ? best : price))')] },
  { name: 'one exit at a time', guard: 'no second exit while one is under way', tests: dutyTests, edits: [edit(DUTIES, 'if (isExiting || mayFill ||', 'if (mayFill ||')] },
  { name: 'an exit waits for the entry', guard: 'no exit while its entry may still fill', tests: dutyTests, edits: [edit(DUTIES, 'if (isExiting || mayFill ||', 'if (isExiting ||')] },
  { name: 'not wanted, not sent', guard: 'a looser stop of unknown fate is only looked for', tests: dutyTests, edits: [edit(DUTIES, '...settles(rows.filter((row) => !fits(row)))', '...openFates(rows.filter((row) => !fits(row)), sent)')] },
  { name: 'entry not sent while closing', guard: 'an entry of unknown fate is only looked for once the position closes', tests: dutyTests, edits: [edit(DUTIES, 'return [...settles(entries), ...cancels(entries.filter((row) => !sent(row)))];', 'return [...openFates(entries, sent), ...cancels(entries.filter((row) => !sent(row)))];')] },

  { name: 'stop rounds tighter', guard: 'rounding a stop never adds to the loss', tests: roundingTests, edits: [edit('domain/market/rounding.ts', `stopTrigger: { long: 'up', short: 'down' }`, `stopTrigger: { long: 'down', short: 'up' }`)] },
  { name: 'entry limit rounds passive', guard: 'a limit is never worse than decided', tests: roundingTests, edits: [edit('domain/market/rounding.ts', `entryLimit: { long: 'down', short: 'up' }`, `entryLimit: { long: 'up', short: 'down' }`)] },
  { name: 'target rounds nearer', guard: 'a target that was reached fires', tests: roundingTests, edits: [edit('domain/market/rounding.ts', `targetTrigger: { long: 'down', short: 'up' }`, `targetTrigger: { long: 'up', short: 'down' }`)] },
  { name: 'quantity rounds down', guard: 'more than decided is never opened', tests: roundingTests, edits: [edit('domain/market/rounding.ts', `roundToStep(capped, step, 'down')`, `roundToStep(capped, step, 'up')`)] },
  { name: 'quantity below a minimum', guard: 'what is too small is refused, never raised', tests: roundingTests, edits: [edit('domain/market/rounding.ts', 'if (rounded.lt(d(instrument.minQuantity))) return', 'if (false) return')] },
  { name: 'a stop of the whole lot', guard: 'what could not be closed in one order is not opened', tests: roundingTests, edits: [edit('domain/market/rounding.ts', 'smallest([d(instrument.maxMarketQuantity), ', 'smallest([d(instrument.maxQuantity), ')] },
  { name: 'unsettled symbol', guard: 'a symbol with an order of unknown fate takes no entry', tests: unit('domain/cycle/plan-cycle'), edits: [edit('domain/guard/guard.ts', 'found(account.unsettledInstruments.includes(symbol.instrument.id),', 'found(false,')] },
];
