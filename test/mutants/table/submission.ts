/** The activities: one attempt, one look, one cancel; what the feeds do in which order. */
import type { Mutant } from '../mutant.ts';
import { edit, unit } from '../mutant.ts';

const ORDERS = 'activities/orders.ts';
const FEEDS = 'activities/feeds.ts';
const RECONCILIATION = 'activities/reconciliation.ts';
const orderTests = unit('activities/orders');
const feedTests = unit('activities/feeds');
const reconciliationTests = unit('activities/reconciliation');

export const SUBMISSION_MUTANTS: readonly Mutant[] = [
  { name: 'send without the claim', guard: 'who did not win the row does not send', tests: orderTests, edits: [edit(ORDERS, 'if (claimed !== null && !claimed.won) return { row: claimed.row, written: true };', '')] },
  { name: 'send before the claim', guard: 'the row is won before anything is sent', tests: orderTests, edits: [edit(ORDERS, 'const claimed = await claim(ledger, ', 'await venue.submit(intent, { timestamp, recvWindowMs: PROTOCOL_TIMES.recvWindowMs, deadlineMs });\n    const claimed = await claim(ledger, ')] },
  { name: 'timestamp before the claim', guard: 'the time that is signed was taken before the row was won', tests: orderTests, edits: [edit(ORDERS, 'submit(row.intent, { timestamp, ', 'submit(row.intent, { timestamp: await venue.serverTime(), ')] },
  { name: 'timestamp in the row', guard: 'absence is timed from the timestamp that is signed', tests: orderTests, edits: [edit(ORDERS, '{ intent, attempt, timestamp, marketTime, nowMs: clock() }', '{ intent, attempt, timestamp: 0, marketTime, nowMs: clock() }')] },
  { name: 'recvWindow of a submission', guard: 'the venue takes a request no later than timestamp + recvWindow', tests: orderTests, edits: [edit(ORDERS, 'submit(row.intent, { timestamp, recvWindowMs: PROTOCOL_TIMES.recvWindowMs, ', 'submit(row.intent, { timestamp, recvWindowMs: 60_000, ')] },
  { name: 'deadline of a submission', guard: 'the transport sends nothing past the attempt\'s deadline', tests: orderTests, edits: [edit(ORDERS, 'const deadlineMs = clock() + PROTOCOL_TIMES.attemptTimeoutMs;', 'const deadlineMs = clock() + 60_000;')] },
  { name: 'deadline from the start', guard: 'the deadline counts from the start of the attempt, however long the claim took', tests: orderTests, edits: [edit(ORDERS, 'nowMs: clock(), deadlineMs });', 'nowMs: clock(), deadlineMs: clock() + PROTOCOL_TIMES.attemptTimeoutMs });')] },
  { name: 'too old to open', guard: 'an opening that is too old ends before it is claimed', tests: orderTests, edits: [edit(ORDERS, 'if (expiry !== null) return await expire(intent, expiry);', '')] },
  { name: 'market moved away', guard: 'an opening is held against the price that it would pay now', tests: orderTests, edits: [edit(ORDERS, `intent.side === 'buy' ? quote.ask : quote.bid`, `intent.side === 'buy' ? quote.bid : quote.ask`)] },
  { name: 'terms of an opening', guard: 'nothing is opened at another leverage, margin mode or position mode', tests: orderTests, edits: [edit(ORDERS, `if (answer.kind === 'refused') return { reason: answer.reason, detail: answer.detail };`, '')] },
  { name: 'halted is not sent', guard: 'the fence that the claim read is heeded', tests: orderTests, edits: [edit(ORDERS, `if (verdict.kind === 'halted') return await write(row, { kind: 'halted', attempt, reason: verdict.reason });`, '')] },
  { name: 'fence of the claim', guard: 'the verdict is about the fence that was read after the row was won', tests: orderTests, edits: [edit(ORDERS, 'fence: claimed?.fence ?? null', 'fence: { epoch: row.intent.epoch, halted: false }')] },
  { name: 'past the deadline is not sent', guard: 'an attempt that woke too late ends as not sent', tests: orderTests, edits: [edit(ORDERS, `if (verdict.kind === 'notSent') return await write(row, { kind: 'notSent', attempt });`, '')] },
  { name: 'the ledger\'s intent is sent', guard: 'a reset workflow cannot send another order under the same name', tests: orderTests, edits: [edit(ORDERS, 'venue.submit(row.intent, ', 'venue.submit(intent, ')] },
  { name: 'no answer is not "not sent"', guard: 'what is not certain is unknown', tests: orderTests, edits: [edit(ORDERS, `case 'unknown':\n      return { kind: 'answerLost', attempt };`, `case 'unknown':\n      return { kind: 'notSent', attempt };`)] },
  { name: 'ledger down, opening', guard: 'without the ledger only a full close goes out', tests: orderTests, edits: [edit(ORDERS, 'if (isLedgerDown(error) && submission.intent.closesPosition) return null;', 'if (isLedgerDown(error)) return null;')] },
  { name: 'look without the ledger', guard: 'while the ledger is away, what was sent is looked for all the same', tests: orderTests, edits: [edit(ORDERS, 'const needsLedger = !mayGoWithoutLedger(known.intent) && NOT_AT_VENUE.includes(known.state);', 'const needsLedger = !mayGoWithoutLedger(known.intent);')] },
  { name: 'planned needs the ledger', guard: 'without the ledger "planned" is no proof that an opening was not sent', tests: orderTests, edits: [edit(ORDERS, 'const needsLedger = !mayGoWithoutLedger(known.intent) && NOT_AT_VENUE.includes(known.state);', 'const needsLedger = false;')] },
  { name: 'absent needs the ledger', guard: 'an opening that never arrived is not tried again without the ledger', tests: orderTests, edits: [edit(ORDERS, 'if (!written && !mayGoWithoutLedger(row.intent)) throw', 'if (false) throw')] },
  { name: 'ledger hangs, answer', guard: 'what the venue answered does not wait for a ledger that hangs', tests: orderTests, edits: [edit(ORDERS, 'await withinMs(LEDGER_PATIENCE_MS, row.intent.intentId, ledger.applyOrderEvent(row.intent.clientOrderId, event, clock()))', 'await ledger.applyOrderEvent(row.intent.clientOrderId, event, clock())')] },
  { name: 'ledger hangs, exit', guard: 'a full close does not wait for a ledger that hangs', tests: orderTests, edits: [edit(ORDERS, 'return mayGoWithoutLedger(submission.intent) ? await withinMs(LEDGER_PATIENCE_MS, submission.intent.intentId, answer) : await answer;', 'return await answer;')] },
  { name: 'look timed before it asks', guard: 'a slow answer from too early proves nothing', tests: orderTests, edits: [edit(ORDERS,
    'const emptyLook = { atMs: await venue.serverTime() }; // before it asks: a slow answer tells of earlier\n    const found = await history.lookUp({ clientOrderId, instrumentId, book: bookOf(type) });',
    'const found = await history.lookUp({ clientOrderId, instrumentId, book: bookOf(type) });\n    const emptyLook = { atMs: await venue.serverTime() };')] },
  { name: 'absence must be proven', guard: 'an order is absent only on proof', tests: orderTests, edits: [edit(ORDERS, `if (!isProven || !canApply(row.state, 'provenAbsent'))`, `if (!canApply(row.state, 'provenAbsent'))`)] },
  { name: 'absence by this look too', guard: 'the looks that came before count together with this one', tests: orderTests, edits: [edit(ORDERS, 'isAbsenceProven(row, [...looks, emptyLook], PROTOCOL_TIMES)', 'isAbsenceProven(row, looks, PROTOCOL_TIMES)')] },
  { name: 'never sent, never looked for', guard: 'a row that says planned is proof where nothing goes without the ledger', tests: orderTests, edits: [edit(ORDERS, `if (NOT_AT_VENUE.includes(row.state)) return { row, written, emptyLook: null };`, '')] },
  { name: 'fills of a look', guard: 'an order that is found brings its fills into the ledger', tests: orderTests, edits: [edit(ORDERS, 'if (reported.written && found.fills.length > 0) await ledger.applyFills(portfolioId, found.fills);', '')] },
  { name: 'look after a cancel', guard: 'a cancel may have lost a race with a fill', tests: orderTests, edits: [edit(ORDERS, 'const { row, written } = await lookUpOrder({ known, looks: [] });', 'const { row, written } = await current(known);')] },
  { name: 'cancel of what never left', guard: 'the venue is not asked about an order that was never sent', tests: orderTests, edits: [edit(ORDERS, `if (known.state === 'planned' || known.state === 'absent') return await write(known, { kind: 'expired', reason: 'withdrawn' });`, '')] },

  { name: 'cursor after the cycle\'s start', guard: 'a feed that dies in between starts the cycle again', tests: feedTests, edits: [edit(FEEDS,
    'if (input.startsCycles) {\n      await engine.startCycle(', 'await ledger.setCursor(input.portfolioId, cursorName, closeTime);\n    if (input.startsCycles) {\n      await engine.startCycle(')] },
  { name: 'candles before their cycle', guard: 'a cycle finds its candle in the ledger', tests: feedTests, edits: [edit(FEEDS, 'await ledger.writeCandles(series);\n    if', 'if')] },
  { name: 'a candle that was handed on', guard: 'a reconnected stream that repeats itself starts nothing again', tests: feedTests, edits: [edit(FEEDS, 'if (cursor !== null && closeTime <= cursor) return await addLate(instrumentId, candle);', '')] },
  { name: 'a candle that was missed', guard: 'no candle between two is left out', tests: feedTests, edits: [edit(FEEDS, 'if (cursor !== null && closeTime > cursor + lengthMs) return await catchUp();', '')] },
  { name: 'cycle waits for every symbol', guard: 'a cycle starts when each symbol\'s candle has closed', tests: feedTests, edits: [edit('activities/candle-gathering.ts', 'return isWhole(together.candles);', 'return true;')] },
  { name: 'acknowledged after it is written', guard: 'an event of the account is answered for only once the ledger holds it', tests: feedTests, edits: [
    edit(FEEDS, '  await venue.acknowledge(event.eventId); // after the ledger holds it\n', ''),
    edit(FEEDS, `if (event.kind === 'order') {\n    const applied`, `if (event.eventId !== null) await venue.acknowledge(event.eventId);\n  if (event.kind === 'order') {\n    const applied`)] },
  { name: 'compared after subscribing', guard: 'nothing falls between the stream and the look at what was missed', tests: feedTests, edits: [edit(FEEDS, 'await deps.engine.startReconciliation(input.portfolioId);', '')] },

  { name: 'two looks at a difference', guard: 'nothing is acted on at one look', tests: reconciliationTests, edits: [edit(RECONCILIATION, 'found.filter((it) => it.looks >= LOOKS_TO_ACT)', 'found')] },
  { name: 'two masters halt', guard: 'another Keel on the account raises the fence', tests: reconciliationTests, edits: [edit(RECONCILIATION, 'await ledger.raiseFence({ portfolioId, by:', 'void ({ portfolioId, by:')] },
  { name: 'foreign is left alone', guard: 'what is not ours is never touched', tests: reconciliationTests, edits: [edit(RECONCILIATION, `case 'orphanExitOrder':\n`, `case 'orphanExitOrder':\n    case 'foreignOrder':\n`)] },
  { name: 'income is read with overlap', guard: 'no record of the newest moment is left out', tests: reconciliationTests, edits: [edit(RECONCILIATION, `await ledger.setCursor(portfolioId, 'income', newest);`, `await ledger.setCursor(portfolioId, 'income', newest + 1);`)] },
];
