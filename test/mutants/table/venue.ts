/** The adapter of the venue, and what must hold before real money is traded. */
import type { Mutant } from '../mutant.ts';
import { edit, integration, unit } from '../mutant.ts';

const REST = 'venues/ccxt/rest.ts';
const ORDERS = 'venues/ccxt/orders.ts';
const TERMS = 'venues/ccxt/terms.ts';
const CHECKS = 'client/live-checks.ts';
const LIMITER = 'venues/limiter.ts';
const restTests = unit('venues/ccxt/rest');
const lookTests = unit('venues/ccxt/look-up');
const errorTests = unit('venues/ccxt/errors');
const paramTests = unit('venues/ccxt/orders');
const termsTests = unit('venues/ccxt/terms');
const checkTests = unit('client/live-checks');
const limiterTests = unit('venues/limiter');

export const VENUE_MUTANTS: readonly Mutant[] = [
  { name: 'permit before sending', guard: 'nothing is sent without the limiter\'s permit', tests: restTests, edits: [edit(REST, `if (permit.kind === 'denied') return { kind: 'notSent', message: permit.reason };`, '')] },
  { name: 'permit before reading', guard: 'nothing is read without the limiter\'s permit', tests: restTests, edits: [edit(REST, `if (permit.kind === 'denied') throw`, 'if (false) throw')] },
  { name: 'permit in time', guard: 'a permit that came too late sends nothing', tests: restTests, edits: [edit(REST, 'if (now > latestMs) return', 'if (false) return')] },
  { name: 'within recvWindow', guard: 'nothing is sent that would arrive after its recvWindow', tests: restTests, edits: [edit(REST, 'Math.min(times.deadlineMs, times.timestamp + times.recvWindowMs - ON_THE_WAY_MS - venueAheadMs)', 'times.deadlineMs')] },
  { name: 'within the deadline', guard: 'nothing is sent past the attempt\'s deadline', tests: restTests, edits: [edit(REST, 'Math.min(times.deadlineMs, times.timestamp + ', '(times.timestamp + ')] },
  { name: 'signed timestamp', guard: 'the venue is given the timestamp of the claim', tests: restTests, edits: [edit(REST, 'timestamp: times.timestamp, recvWindow', 'timestamp: venueClock.estimate(), recvWindow')] },
  { name: 'signed recvWindow', guard: 'the venue is given the protocol\'s recvWindow', tests: restTests, edits: [edit(REST, 'recvWindow: times.recvWindowMs', 'recvWindow: READ_RECV_WINDOW_MS')] },
  { name: 'clock that was refused', guard: 'a refused timestamp makes the next one asked for anew', tests: restTests, edits: [edit(REST, 'if (error.code !== null && TIMESTAMP_REFUSED.has(error.code)) venueClock.distrust();', '')] },
  { name: 'back-off after 429', guard: 'the venue\'s wish to wait reaches the limiter', tests: restTests, edits: [edit(REST, 'if (answer.status === 429 || answer.status === 418) {', 'if (answer.status === 418) {')] },
  { name: 'an answer that cannot be read', guard: 'an unreadable answer to a submission is no answer', tests: lookTests, edits: [edit(ORDERS, `return { kind: 'unknown', message: messageOf(error) };`, `return { kind: 'notSent', message: messageOf(error) };`)] },

  { name: 'look: plain book', guard: 'a look asks the plain book', tests: lookTests, edits: [edit(ORDERS, 'orNull(rest.read(ROUTES.order, { symbol, origClientOrderId: clientOrderId }, plainOrder, { priority: \'exit\' })),', 'null,')] },
  { name: 'look: conditional book', guard: 'a look asks the conditional book', tests: lookTests, edits: [edit(ORDERS, 'orNull(rest.read(ROUTES.algoOrder, { clientAlgoId: clientOrderId }, algoOrder, { priority: \'exit\' })),', 'null,')] },
  { name: 'look: lists', guard: 'an id that finds nothing is looked for in open orders and histories', tests: lookTests, edits: [edit(ORDERS, 'direct.plain === null && direct.algo === null ? await findInLists(rest, order) : direct', 'direct')] },
  { name: 'look: plain history', guard: 'a look reads the history of plain orders', tests: lookTests, edits: [edit(ORDERS, '[...openPlain, ...allPlain]', '[...openPlain]')] },
  { name: 'look: conditional history', guard: 'a look reads the history of conditional orders', tests: lookTests, edits: [edit(ORDERS, '[...openAlgo, ...allAlgo]', '[...openAlgo]')] },
  { name: 'look: only "no such order"', guard: 'a venue that cannot be reached is not a venue that knows no such order', tests: lookTests, edits: [edit(ORDERS, 'if (venueCodeOf(error) === NO_SUCH_ORDER) return null;', 'if (error instanceof Error) return null;')] },
  { name: 'look: fills', guard: 'an order that is found brings its fills', tests: lookTests, edits: [edit(ORDERS, 'const trades = isUntouched ? [] :', 'const trades = true ? [] :')] },
  { name: 'open orders: plain book', guard: 'open orders are those of both books', tests: lookTests, edits: [edit(ORDERS, 'rest.read(ROUTES.openOrders, params, z.array(plainOrder), options),', '[],')] },
  { name: 'open orders: conditional book', guard: 'open orders are those of both books', tests: lookTests, edits: [edit(ORDERS, 'rest.read(ROUTES.openAlgoOrders, params, z.array(algoOrder), options),', '[],')] },
  { name: 'one order in two books', guard: 'the order that a triggered one created is not counted a second time', tests: lookTests, edits: [edit(ORDERS, 'plain.filter((order) => !createdBy.has(order.orderId)).map(orderOfPlain)', 'plain.map(orderOfPlain)')] },
  { name: 'reduce-only is told', guard: 'an exit can only reduce', tests: paramTests, edits: [edit(ORDERS, `...(isOneWay && intent.reduceOnly ? { reduceOnly: 'true' } : {}),`, '')] },
  { name: 'refusals are listed', guard: 'a code that is not listed proves nothing', tests: errorTests, edits: [edit('venues/ccxt/errors.ts', 'code !== null && REFUSALS.has(code) && status', 'code !== null && status')] },

  { name: 'stop of all workers', guard: 'after a 429 nobody sends', tests: limiterTests, edits: [edit(LIMITER, 'return this.#clock() < this.#blockedUntilMs;', 'return false;')] },
  { name: 'exits before entries', guard: 'of those that wait for a permit, exits go first', tests: limiterTests, edits: [edit(LIMITER, 'PRIORITY_RANK[a.request.priority] - PRIORITY_RANK[b.request.priority] || ', '')] },

  { name: 'terms are read back', guard: 'leverage and margin mode that were set count once the venue shows them', tests: termsTests, edits: [edit(TERMS, 'const after = agrees(found, wanted) ? found : await untilShown({ read: () => readSymbol(rest, symbol), isShown: (value) => agrees(value, wanted), looksApartMs });', 'const after = wanted;')] },
  { name: 'position mode is read back', guard: 'a position mode that was set counts once the venue shows it', tests: termsTests, edits: [edit(TERMS, `return after === wanted ? AGREED : refused('positionModeNotSet'`, `return after === after ? AGREED : refused('positionModeNotSet'`)] },

  { name: 'live: may withdraw', guard: 'a key that may withdraw is refused', tests: checkTests, edits: [edit(CHECKS, 'if (mayWithdraw) throw', 'if (false) throw')] },
  { name: 'live: may trade', guard: 'a key that may not trade is refused', tests: checkTests, edits: [edit(CHECKS, 'if (!mayTrade) throw', 'if (false) throw')] },
  { name: 'live: armed', guard: 'nothing trades live until a person armed it', tests: checkTests, edits: [edit(CHECKS, 'if (armedBy === null) throw', 'if (false) throw')] },
  { name: 'live: the key is looked at', guard: 'live trading starts only after the venue told what the key may do', tests: integration('client/live-checks', 'that may withdraw'), edits: [edit(CHECKS, 'assertPermissions(permissions);', '')] },
  { name: 'live: arming is looked at', guard: 'live trading starts only after the ledger told who armed it', tests: integration('client/live-checks', 'until a person armed it'), edits: [edit(CHECKS, 'assertArmed(armedBy);', '')] },
  { name: 'live: keys', guard: 'live trading needs both halves of a key', tests: checkTests, edits: [edit(CHECKS, 'if (missing.length === 0) return;', 'if (missing.length <= 1) return;')] },
];
