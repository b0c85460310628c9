/** The control endpoint of a simulated venue: its clock, its faults, what happens to its market. */
import { readSettings } from '../config/settings.ts';
import { KeelError, messageOf } from '../domain/errors.ts';

/** Longer than any walk through one candle. */
const TIMEOUT_MS = 30_000;

/**
 * Asks the simulated venue that the settings name.
 * @throws {KeelError} VENUE_UNREACHABLE; VENUE_REFUSED with the venue's own words; USAGE for a request it does not understand
 */
export async function askVenue(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown> {
  const settings = await readSettings();
  return await askControl(settings.venueControlUrl ?? `http://127.0.0.1:${settings.venueControlPort}`, method, path, body);
}

/** The same of the venue whose control endpoint is at that origin. @throws {KeelError} as `askVenue` */
export async function askControl(origin: string, method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown> {
  const url = `${origin}${path}`;
  const request = { method, signal: AbortSignal.timeout(TIMEOUT_MS), ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(url, request).catch((error: unknown) => {
    throw new KeelError('VENUE_UNREACHABLE', `${method} ${url}: ${messageOf(error)}; is a simulated venue running (\`keel status\`), and is KEEL_VENUE_CONTROL_PORT its control port?`, { cause: error });
  });
  const answer = await response.json().catch((error: unknown) => {
    throw new KeelError('VENUE_UNREACHABLE', `${method} ${url} is answered by something else than a simulated venue (${messageOf(error)}); is KEEL_VENUE_CONTROL_PORT its control port?`, { cause: error });
  }) as { code?: string; message?: string };
  if (response.ok) return answer;
  const code = answer.code === 'USAGE' || answer.code === 'NOT_FOUND' ? answer.code : 'VENUE_REFUSED';
  throw new KeelError(code, `${method} ${path}: ${answer.message ?? `HTTP ${response.status}`}`);
}

/**
 * `count=3 match.symbol=BTCUSDT` as the body of a fault. Numbers, true, false and null are what they look like; an
 * amount is a decimal in text.
 * @throws {KeelError} USAGE
 */
export function faultOf(kind: string, pairs: readonly string[]): Record<string, unknown> {
  const fault: Record<string, unknown> = { kind };
  const match: Record<string, string> = {};
  for (const pair of pairs) {
    const [, isMatch, key, value] = /^(match\.)?(\w+)=(.*)$/.exec(pair) ?? [];
    if (key === undefined || value === undefined) throw new KeelError('USAGE', `"${pair}" is not understood; allowed: name=value, such as count=3 or match.symbol=BTCUSDT`);
    if (isMatch === undefined) fault[key] = key === 'amount' ? value : valueOf(value);
    else match[key] = value;
  }
  return Object.keys(match).length === 0 ? fault : { ...fault, match };
}

function valueOf(text: string): string | number | boolean | null {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (text === 'null') return null;
  return text === 'true' || text === 'false' ? text === 'true' : text;
}
