import { createHmac, timingSafeEqual } from 'node:crypto';
import { refusal, VenueError } from './errors.ts';
import type { Params } from './params.ts';

const RECV_WINDOW_DEFAULT_MS = 5_000;
const RECV_WINDOW_MAX_MS = 60_000;
/** How far a request's timestamp may lie ahead of the venue's clock. */
const AHEAD_MAX_MS = 1_000;

export interface Credentials {
  readonly accountId: string;
  readonly apiKey: string;
  readonly secret: string;
}

/** The parts of a request that are signed, as they came over the wire. */
export interface RawRequest {
  /** Without the question mark. */
  readonly query: string;
  readonly body: string;
  readonly apiKey: string | undefined;
  readonly ip: string;
}

/** Who may speak for which account. */
export class Authenticator {
  readonly #byKey: ReadonlyMap<string, Credentials>;

  constructor(accounts: readonly Credentials[]) {
    this.#byKey = new Map(accounts.map((account) => [account.apiKey, account]));
  }

  /** @throws {VenueError} -2014 without a key, -2015 with an unknown one. */
  identify(raw: RawRequest): Credentials {
    if (raw.apiKey === undefined || raw.apiKey === '') throw refusal('-2014');
    const account = this.#byKey.get(raw.apiKey);
    if (account === undefined) throw refusal('-2015', raw.ip);
    return account;
  }

  /**
   * Checks key, signature and times of a signed request.
   * @param now the venue's transport clock, epoch milliseconds.
   * @returns the account and the moment until which the request may be carried out.
   * @throws {VenueError} -2014, -2015, -1102, -1130, -1021, -1022.
   */
  verify(raw: RawRequest, params: Params, now: number): { readonly accountId: string; readonly validUntil: number } {
    const account = this.identify(raw);
    const timestamp = params.mandatoryInteger('timestamp');
    const signature = params.mandatory('signature');
    const recvWindowMs = params.integer('recvWindow') ?? RECV_WINDOW_DEFAULT_MS;
    if (recvWindowMs > RECV_WINDOW_MAX_MS) throw refusal('-1130', 'recvWindow');
    if (!signatureMatches(account.secret, raw, signature)) throw refusal('-1022');
    if (timestamp > now + AHEAD_MAX_MS) throw new VenueError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
    if (now - timestamp > recvWindowMs) throw refusal('-1021');
    return { accountId: account.accountId, validUntil: timestamp + recvWindowMs };
  }
}

/** The signature covers the query string followed by the body, both without the signature itself. */
function signatureMatches(secret: string, raw: RawRequest, signature: string): boolean {
  const payload = withoutSignature(raw.query) + withoutSignature(raw.body);
  const expected = createHmac('sha256', secret).update(payload).digest();
  const given = Buffer.from(signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function withoutSignature(part: string): string {
  const at = part.startsWith('signature=') ? 0 : part.indexOf('&signature=');
  if (at < 0) return part;
  const end = part.indexOf('&', at + 1);
  if (end < 0) return part.slice(0, at);
  return at === 0 ? part.slice(end + 1) : part.slice(0, at) + part.slice(end);
}
