/**
 * The refusals of the venue's front door, declared once: Binance's own numbers and words. Those of the matching
 * engine (size, precision, margin, position, book) are declared with it.
 * @source https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
 */
interface Refusal {
  readonly message: string;
  /** HTTP status; 400 where Binance names none. */
  readonly status?: number;
}

export const REFUSALS = {
  '-1003': { message: 'Too many requests; current limit of IP({0}) is {1} requests per minute. Please use the websocket for live updates to avoid polling the API.', status: 429 },
  '-1007': { message: 'Timeout waiting for response from backend server. Send status unknown; execution status unknown.', status: 504 },
  '-1008': { message: 'Server is currently overloaded with other requests. Please try again in a few minutes.', status: 503 },
  '-1015': { message: 'Too many new orders; current limit is {0} orders per {1}.', status: 429 },
  '-1020': { message: 'This operation is not supported.' },
  '-1021': { message: 'Timestamp for this request is outside of the recvWindow.' },
  '-1022': { message: 'Signature for this request is not valid.' },
  '-1023': { message: 'Start time is greater than end time.' },
  '-1100': { message: "Illegal characters found in parameter '{0}'; legal range is '{1}'." },
  '-1101': { message: 'Duplicate values for a parameter detected.' },
  '-1102': { message: "Mandatory parameter '{0}' was not sent, was empty/null, or malformed." },
  '-1106': { message: "Parameter '{0}' sent when not required." },
  '-1115': { message: 'Invalid timeInForce.' },
  '-1116': { message: 'Invalid orderType.' },
  '-1117': { message: 'Invalid side.' },
  '-1120': { message: 'Invalid interval.' },
  '-1121': { message: 'Invalid symbol.' },
  '-1125': { message: 'This listenKey does not exist.' },
  '-1128': { message: 'Combination of optional parameters invalid.' },
  '-1130': { message: "Data sent for parameter '{0}' is not valid." },
  '-1136': { message: 'Invalid newOrderRespType.' },
  '-2011': { message: 'Unknown order sent.' },
  '-2013': { message: 'Order does not exist.' },
  '-2014': { message: 'API-key format invalid.', status: 401 },
  '-2015': { message: 'Invalid API-key, IP, or permissions for action, request ip: {0}', status: 401 },
  '-4001': { message: 'Price less than 0.' },
  '-4002': { message: 'Price greater than max price.' },
  '-4003': { message: 'Quantity less than or equal to zero.' },
  '-4006': { message: 'Stop price less than zero.' },
  '-4007': { message: 'Stop price greater than max price.' },
  '-4015': { message: 'Client order id length should not be more than 36 chars' },
  '-4016': { message: "Limit price can't be higher than {0}." },
  '-4021': { message: '{0} is not valid depth limit.' },
  '-4024': { message: "Limit price can't be lower than {0}." },
  '-4028': { message: 'Leverage {0} is not valid' },
  '-4031': { message: 'Invalid parameter working type: {0}' },
  '-4055': { message: 'Amount must be positive.' },
  '-4060': { message: 'Invalid position side.' },
  '-4082': { message: 'Invalid number of batch place orders: {0}' },
  '-4120': { message: 'Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.' },
  '-4136': { message: 'Target strategy invalid for orderType {0},closePosition {1}' },
  '-4137': { message: 'Quantity must be zero with closePosition equals true' },
  '-4164': { message: "Order's notional must be no smaller than {0} (unless you choose reduce only)." },
  '-4165': { message: 'Maximum time interval is {0} days' },
  '-4171': { message: 'Adjusted asset mode is currently set and does not need to be adjusted repeatedly.' },
  '-5028': { message: 'Timestamp for this request is outside of the ME recvWindow.' },
  '-5040': { message: 'The goodTillDate timestamp must be greater than the current time plus 600 seconds and smaller than 253402300799000 (UTC 9999-12-31 23:59:59)' },
} as const satisfies Record<string, Refusal>;

export type RefusalCode = keyof typeof REFUSALS;

/** A "no" that is sent to the client as `{ code, msg }`. */
export class VenueError extends Error {
  /** Negative, Binance's number. */
  readonly code: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: number, message: string, options: { status?: number; headers?: Readonly<Record<string, string>> } = {}) {
    super(message);
    this.name = 'VenueError';
    this.code = code;
    this.status = options.status ?? 400;
    this.headers = options.headers ?? {};
  }

  body(): { code: number; msg: string } {
    return { code: this.code, msg: this.message };
  }
}

/**
 * A declared refusal with its blanks filled in.
 * @param blanks values for `{0}`, `{1}` … of the message.
 */
export function refusal(code: RefusalCode, ...blanks: readonly (string | number)[]): VenueError {
  const declared: Refusal = REFUSALS[code];
  const message = declared.message.replace(/\{(\d)\}/g, (_whole, index: string) => String(blanks[Number(index)] ?? ''));
  return new VenueError(Number(code), message, declared.status === undefined ? {} : { status: declared.status });
}
