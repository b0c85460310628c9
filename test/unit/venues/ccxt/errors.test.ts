import { describe, expect, it } from 'vitest';
import type { CallFailed} from '../../../../venues/ccxt/errors.ts';
import { codeOf, failureOf, isNotOpen, readErrorOf, REFUSALS, submitAnswerOf, venueCodeOf } from '../../../../venues/ccxt/errors.ts';

function failure(status: number | null, body: string): CallFailed {
  return failureOf('POST order', new Error('binanceusdm said no'), status === null ? null : { status, headers: {}, body });
}
const json = (code: number, msg: string): string => JSON.stringify({ code, msg });

describe('what a failed submission proves', () => {
  it.each([
    ['no answer at all', null, '', 'unknown'],
    ['margin', 400, json(-2019, 'Margin is insufficient.'), 'rejected'],
    ['precision', 400, json(-1111, 'Precision is over the maximum defined for this asset.'), 'rejected'],
    ['would trigger at once', 400, json(-2021, 'Order would immediately trigger.'), 'rejected'],
    ['reduce only', 400, json(-2022, 'ReduceOnly Order is rejected.'), 'rejected'],
    ['too many stops', 400, json(-4045, 'Reach max stop order limit.'), 'rejected'],
    ['minimum notional', 400, json(-4164, "Order's notional must be no smaller than 5.0 (unless you choose reduce only)."), 'rejected'],
    ['wrong route', 400, json(-4120, 'Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.'), 'rejected'],
    ['post only', 400, json(-5022, 'Post Only order will be rejected.'), 'rejected'],
    ['unknown key', 401, json(-2015, 'Invalid API-key, IP, or permissions for action.'), 'rejected'],
    ['an earlier attempt is on the book', 400, json(-4116, 'ClientOrderId is duplicated.'), 'unknown'],
    ['too late for the window', 400, json(-1021, 'Timestamp for this request is outside of the recvWindow.'), 'notSent'],
    ['too late for the matching engine', 400, json(-5028, 'Timestamp for this request is outside of the ME recvWindow.'), 'notSent'],
    ['too many requests', 429, json(-1003, 'Too many requests'), 'notSent'],
    ['too many orders', 429, json(-1015, 'Too many new orders'), 'notSent'],
    ['banned', 418, json(-1003, 'Way too many requests; IP banned until 1700000000000.'), 'notSent'],
    ['429 without a body', 429, '', 'notSent'],
    ['throttled by protection', 503, json(-1008, 'Request throttled by system-level protection.'), 'notSent'],
    ['503 that says it failed', 503, 'Service Unavailable.', 'notSent'],
    ['503 that says it failed, as JSON', 503, json(-1000, 'Service Unavailable.'), 'notSent'],
    ['503 that knows nothing', 503, json(-1000, 'Unknown error, please check your request or try again later.'), 'unknown'],
    ['503 without a body', 503, '', 'unknown'],
    ['unexpected answer from the bus', 400, json(-1006, 'Execution status unknown.'), 'unknown'],
    ['time-out in the venue', 504, json(-1007, 'Send status unknown; execution status unknown.'), 'unknown'],
    ['a refusal that a gateway wraps', 502, json(-2019, 'Margin is insufficient.'), 'unknown'],
    ['a code that nobody knows', 400, json(-9999, 'New.'), 'unknown'],
    ['a page of a proxy', 403, '<html>forbidden</html>', 'unknown'],
  ])('%s', (_name, status, body, expected) => {
    expect(submitAnswerOf(failure(status, body)).kind).toBe(expected);
  });

  it('names the code of a refusal', () => {
    expect(submitAnswerOf(failure(400, json(-2019, 'Margin is insufficient.')))).toMatchObject({ kind: 'rejected', code: '-2019' });
  });

  it('counts no code of unknown fate as a refusal', () => {
    for (const code of [-1000, -1001, -1003, -1006, -1007, -1008, -1015, -1016, -1021, -2011, -2013, -4116, -4117, -5028]) expect(REFUSALS.has(code)).toBe(false);
  });
});

describe('numeric codes', () => {
  it.each([
    ['{"code":-2021,"msg":"x"}', -2021],
    ['{"code": "-1003" }', -1003],
    ['{"code":200,"msg":"success"}', null],
    ['<html>code -2019</html>', null],
    ['', null],
  ])('%s', (body, expected) => { expect(codeOf(body)).toBe(expected); });
});

describe('cancels and reads', () => {
  it.each([[-2011, true], [-2013, true], [-4117, true], [-1021, false], [-1007, false]])('%i proves that nothing can be cancelled: %s', (code, expected) => {
    expect(isNotOpen(failure(400, json(code, 'x')))).toBe(expected);
  });

  it.each([
    [null, '', 'VENUE_UNREACHABLE'],
    [500, '', 'VENUE_UNREACHABLE'],
    [400, json(-1001, 'Internal error; unable to process your request.'), 'VENUE_UNREACHABLE'],
    [400, json(-1021, 'Timestamp'), 'VENUE_UNREACHABLE'],
    [429, json(-1003, 'Too many'), 'RATE_LIMITED'],
    [418, '', 'RATE_LIMITED'],
    [400, json(-1121, 'Invalid symbol.'), 'VENUE_REFUSED'],
    [401, json(-2015, 'Invalid API-key'), 'VENUE_REFUSED'],
  ])('status %s with %s', (status, body, expected) => {
    const error = readErrorOf(failure(status, body));
    expect(error.code).toBe(expected);
    expect(venueCodeOf(error)).toBe(codeOf(body));
  });
});
