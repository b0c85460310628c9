/**
 * What the venue's "no" means, by its numeric code alone: ccxt's own error classes depend on the host's name.
 * @source https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
 * @source https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info (HTTP 503 and its cases)
 */
import type { SubmitAnswer } from '../../domain/ports/venue.ts';
import { KeelError, messageOf } from '../../domain/errors.ts';
import type { ErrorCode } from '../../domain/errors.ts';

/** What the venue's HTTP answer was, as it came. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request that ended without a usable answer. */
export class CallFailed extends Error {
  /** Of the HTTP answer; null without one. */
  readonly status: number | null;
  /** The venue's negative number; null when its answer held none. */
  readonly code: number | null;
  /** The venue's own words, empty without an answer. */
  readonly words: string;

  constructor(message: string, facts: { status: number | null; code: number | null; words?: string }, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CallFailed';
    this.status = facts.status;
    this.code = facts.code;
    this.words = facts.words ?? '';
  }
}

/** Whatever ccxt threw, as a `CallFailed`. */
export function failureOf(tried: string, error: unknown, answer: HttpAnswer | null): CallFailed {
  if (error instanceof CallFailed) return error;
  if (answer === null) return new CallFailed(`${tried}: ${messageOf(error)}`, { status: null, code: null }, { cause: error });
  const facts = { status: answer.status, code: codeOf(answer.body), words: wordsOf(answer.body) };
  return new CallFailed(`${tried}: HTTP ${answer.status} ${facts.code ?? ''} ${facts.words.slice(0, 300)}`.trim(), facts, { cause: error });
}

/** The numeric `code` of a JSON answer, or null. */
export function codeOf(body: string): number | null {
  const match = /"code"\s*:\s*"?(-\d{3,5})\b/.exec(body);
  return match?.[1] === undefined ? null : Number(match[1]);
}

function wordsOf(body: string): string {
  const message = /"msg"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(body);
  return message?.[1] ?? body.trim();
}

/**
 * Codes with which a new order was refused for certain: it is not on any book and never will be.
 * A code that is not listed proves nothing.
 */
export const REFUSALS: ReadonlyMap<number, string> = new Map([
  [-1013, 'INVALID_MESSAGE'],
  [-1014, 'UNKNOWN_ORDER_COMPOSITION'],
  [-1020, 'UNSUPPORTED_OPERATION'],
  [-1022, 'INVALID_SIGNATURE'],
  [-1002, 'UNAUTHORIZED'],
  [-1100, 'ILLEGAL_CHARS'],
  [-1101, 'TOO_MANY_PARAMETERS'],
  [-1102, 'MANDATORY_PARAM_EMPTY_OR_MALFORMED'],
  [-1103, 'UNKNOWN_PARAM'],
  [-1104, 'UNREAD_PARAMETERS'],
  [-1105, 'PARAM_EMPTY'],
  [-1106, 'PARAM_NOT_REQUIRED'],
  [-1108, 'BAD_ASSET'],
  [-1109, 'BAD_ACCOUNT'],
  [-1110, 'BAD_INSTRUMENT_TYPE'],
  [-1111, 'BAD_PRECISION'],
  [-1112, 'NO_DEPTH'],
  [-1114, 'TIF_NOT_REQUIRED'],
  [-1115, 'INVALID_TIF'],
  [-1116, 'INVALID_ORDER_TYPE'],
  [-1117, 'INVALID_SIDE'],
  [-1118, 'EMPTY_NEW_CL_ORD_ID'],
  [-1119, 'EMPTY_ORG_CL_ORD_ID'],
  [-1121, 'BAD_SYMBOL'],
  [-1128, 'OPTIONAL_PARAMS_BAD_COMBO'],
  [-1130, 'INVALID_PARAMETER'],
  [-1136, 'INVALID_NEW_ORDER_RESP_TYPE'],
  [-2010, 'NEW_ORDER_REJECTED'],
  [-2014, 'BAD_API_KEY_FMT'],
  [-2015, 'REJECTED_MBX_KEY'],
  [-2017, 'API_KEYS_LOCKED'],
  [-2018, 'BALANCE_NOT_SUFFICIENT'],
  [-2019, 'MARGIN_NOT_SUFFICIEN'],
  [-2020, 'UNABLE_TO_FILL'],
  [-2021, 'ORDER_WOULD_IMMEDIATELY_TRIGGER'],
  [-2022, 'REDUCE_ONLY_REJECT'],
  [-2023, 'USER_IN_LIQUIDATION'],
  [-2024, 'POSITION_NOT_SUFFICIENT'],
  [-2025, 'MAX_OPEN_ORDER_EXCEEDED'],
  [-2026, 'REDUCE_ONLY_ORDER_TYPE_NOT_SUPPORTED'],
  [-2027, 'MAX_LEVERAGE_RATIO'],
  [-2028, 'MIN_LEVERAGE_RATIO'],
  [-4001, 'PRICE_LESS_THAN_ZERO'],
  [-4002, 'PRICE_GREATER_THAN_MAX_PRICE'],
  [-4003, 'QTY_LESS_THAN_ZERO'],
  [-4004, 'QTY_LESS_THAN_MIN_QTY'],
  [-4005, 'QTY_GREATER_THAN_MAX_QTY'],
  [-4006, 'STOP_PRICE_LESS_THAN_ZERO'],
  [-4007, 'STOP_PRICE_GREATER_THAN_MAX_PRICE'],
  [-4013, 'PRICE_LESS_THAN_MIN_PRICE'],
  [-4014, 'PRICE_NOT_INCREASED_BY_TICK_SIZE'],
  [-4015, 'INVALID_CL_ORD_ID_LEN'],
  [-4016, 'PRICE_HIGHTER_THAN_MULTIPLIER_UP'],
  [-4019, 'COMPOSITE_SCALE_OVERFLOW'],
  [-4020, 'TARGET_STRATEGY_INVALID'],
  [-4023, 'QTY_NOT_INCREASED_BY_STEP_SIZE'],
  [-4024, 'PRICE_LOWER_THAN_MULTIPLIER_DOWN'],
  [-4028, 'INVALID_LEVERAGE'],
  [-4031, 'INVALID_WORKING_TYPE'],
  [-4045, 'MAX_STOP_ORDER_EXCEEDED'],
  [-4050, 'CROSS_BALANCE_INSUFFICIENT'],
  [-4051, 'ISOLATED_BALANCE_INSUFFICIENT'],
  [-4060, 'INVALID_POSITION_SIDE'],
  [-4061, 'POSITION_SIDE_NOT_MATCH'],
  [-4062, 'REDUCE_ONLY_CONFLICT'],
  [-4087, 'REDUCE_ONLY_ORDER_PERMISSION'],
  [-4088, 'NO_PLACE_ORDER_PERMISSION'],
  [-4104, 'INVALID_CONTRACT_TYPE'],
  [-4118, 'REDUCE_ONLY_MARGIN_CHECK_FAILED'],
  [-4120, 'STOP_ORDER_SWITCH_ALGO'],
  [-4131, 'MARKET_ORDER_REJECT'],
  [-4135, 'INVALID_ACTIVATION_PRICE'],
  [-4136, 'TARGET_STRATEGY_INVALID (closePosition)'],
  [-4137, 'QUANTITY_EXISTS_WITH_CLOSE_POSITION'],
  [-4138, 'REDUCE_ONLY_MUST_BE_TRUE'],
  [-4139, 'ORDER_TYPE_CANNOT_BE_MKT'],
  [-4140, 'INVALID_OPENING_POSITION_STATUS'],
  [-4141, 'SYMBOL_ALREADY_CLOSED'],
  [-4142, 'STRATEGY_INVALID_TRIGGER_PRICE'],
  [-4144, 'INVALID_PAIR'],
  [-4164, 'MIN_NOTIONAL'],
  [-4183, 'PRICE_HIGHTER_THAN_STOP_MULTIPLIER_UP'],
  [-4184, 'PRICE_LOWER_THAN_STOP_MULTIPLIER_DOWN'],
  [-4192, 'COOLING_OFF_PERIOD'],
  [-4210, 'STOP_PRICE_HIGHER_THAN_PRICE_MULTIPLIER_LIMIT'],
  [-4211, 'STOP_PRICE_LOWER_THAN_PRICE_MULTIPLIER_LIMIT'],
  [-4400, 'TRADING_QUANTITATIVE_RULE'],
  [-4401, 'LARGE_POSITION_SYM_RULE'],
  [-4402, 'COMPLIANCE_BLACK_SYMBOL_RESTRICTION'],
  [-4509, 'TIF_GTE_WITHOUT_POSITION'],
  [-5021, 'FOK_ORDER_REJECT'],
  [-5022, 'GTX_ORDER_REJECT'],
  [-5025, 'LIMIT_ORDER_ONLY'],
  [-5037, 'INVALID_PRICE_MATCH'],
  [-5038, 'UNSUPPORTED_ORDER_TYPE_PRICE_MATCH'],
  [-5039, 'INVALID_SELF_TRADE_PREVENTION_MODE'],
  [-5040, 'FUTURE_GOOD_TILL_DATE'],
  [-5041, 'BBO_ORDER_REJECT'],
]);

/**
 * Codes with which the request was turned away before any book saw it: a later attempt may be taken. The timestamp
 * codes belong here: the venue looked at the signed time, and refused.
 */
const TURNED_AWAY: ReadonlyMap<number, string> = new Map([
  [-1003, 'TOO_MANY_REQUESTS'],
  [-1008, 'request throttled by system-level protection'],
  [-1015, 'TOO_MANY_ORDERS'],
  [-1021, 'INVALID_TIMESTAMP'],
  [-5028, 'ME_RECVWINDOW_REJECT'],
]);

/** No such order, or none that can be cancelled any more. -4117: it is triggering at this moment. */
const NOT_OPEN: ReadonlySet<number> = new Set([-2011, -2013, -4117]);
export const NO_SUCH_ORDER = -2013;
export const NO_SUCH_SYMBOL = -1121;
export const TIMESTAMP_REFUSED: ReadonlySet<number> = new Set([-1021, -5028]);
export const LISTEN_KEY_GONE = -1125;
/** Already as asked for. */
export const NO_NEED_TO_CHANGE: ReadonlySet<number> = new Set([-4046, -4059]);

/**
 * What one failed submission proves. -4116 (duplicated client id) proves that an earlier attempt is on the book, so
 * the order's fate is to be looked up; -1006 and -1007 say themselves that it is unknown.
 */
export function submitAnswerOf(failure: CallFailed): SubmitAnswer {
  const { status, code, message } = failure;
  if (status === 429 || status === 418) return { kind: 'notSent', message };
  if (code !== null && TURNED_AWAY.has(code)) return { kind: 'notSent', message };
  if (code !== null && REFUSALS.has(code) && status !== null && status < 500) return { kind: 'rejected', code: String(code), message };
  // Documented: with these words, and these only, a 503 says that the request failed.
  if (status === 503 && /^Service Unavailable\.?$/.test(failure.words)) return { kind: 'notSent', message };
  return { kind: 'unknown', message };
}

/** Whether a failed cancel proves that there is nothing to cancel. */
export function isNotOpen(failure: CallFailed): boolean {
  return failure.code !== null && NOT_OPEN.has(failure.code);
}

/** The error of a failed read. */
export function readErrorOf(failure: CallFailed): KeelError {
  return new KeelError(readCodeOf(failure), failure.message, { cause: failure });
}

function readCodeOf({ status, code }: CallFailed): ErrorCode {
  if (status === 429 || status === 418 || code === -1003 || code === -1015) return 'RATE_LIMITED';
  const isPassing = code !== null && (code > -1010 && code !== -1002 || TIMESTAMP_REFUSED.has(code));
  if (status === null || status >= 500 || isPassing) return 'VENUE_UNREACHABLE';
  return 'VENUE_REFUSED';
}

/** The venue's numeric code behind an error of a read, null where it has none. */
export function venueCodeOf(error: unknown): number | null {
  return error instanceof KeelError && error.cause instanceof CallFailed ? error.cause.code : null;
}
