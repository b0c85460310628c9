import { z } from 'zod';
import type { DecimalString } from '../../domain/decimal.ts';
import { refusal } from './errors.ts';

/** Client order ids that Binance takes. @source New Order, `newClientOrderId`. */
const CLIENT_ID_PATTERN = /^[.A-Z:/a-z0-9_-]{1,36}$/;
const DECIMAL_PATTERN = /^[0-9]{1,20}(\.[0-9]{1,20})?$/;
const INTEGER_PATTERN = /^[0-9]{1,20}$/;

const batchSchema = z.preprocess((text, context) => {
  try {
    return JSON.parse(String(text)) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    context.addIssue({ code: 'custom', message: 'not JSON' });
    return z.NEVER;
  }
}, z.array(z.record(z.string(), z.unknown())));

/** The parameters of one request, read by name; each reader refuses with Binance's own code. */
export class Params {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** @throws {VenueError} -1101 when a name is sent twice. */
  static parse(query: string, body = ''): Params {
    const values = new Map<string, string>();
    for (const part of [query, body]) readPairs(part, values);
    return new Params(values);
  }

  /** From a JSON object, as `batchOrders` holds them. */
  static of(record: Readonly<Record<string, unknown>>): Params {
    const values = new Map<string, string>();
    for (const [name, value] of Object.entries(record)) {
      if (value !== null && value !== undefined) values.set(name, String(value));
    }
    return new Params(values);
  }

  /** The orders that `batchOrders` holds; none where it is not sent, or no list of objects. */
  batch(): readonly Params[] {
    const parsed = batchSchema.safeParse(this.text('batchOrders') ?? '[]');
    return parsed.success ? parsed.data.map((order) => Params.of(order)) : [];
  }

  /** Everything, as a query string. */
  toQuery(): string {
    return [...this.#values].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  }

  has(name: string): boolean {
    return (this.#values.get(name) ?? '') !== '';
  }

  /** Undefined when not sent or empty. */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return value === '' ? undefined : value;
  }

  mandatory(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw refusal('-1102', name);
    return value;
  }

  /** Digits with at most one point; a sign or an exponent is refused with -1100. */
  decimal(name: string): DecimalString | undefined {
    const value = this.text(name);
    if (value === undefined || DECIMAL_PATTERN.test(value)) return value;
    if (/^-[0-9.]+$/.test(value)) return value;
    throw refusal('-1100', name, '^([0-9]{1,20})(\\.[0-9]{1,20})?$');
  }

  mandatoryDecimal(name: string): DecimalString {
    this.mandatory(name);
    return this.decimal(name) ?? '';
  }

  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!INTEGER_PATTERN.test(value)) throw refusal('-1100', name, '^[0-9]{1,20}$');
    return Number(value);
  }

  mandatoryInteger(name: string): number {
    this.mandatory(name);
    return this.integer(name) ?? 0;
  }

  boolean(name: string): boolean {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined || value === 'false') return false;
    if (value === 'true') return true;
    throw refusal('-1130', name);
  }

  /** @param absent what an unsent parameter means. */
  limit(absent: number, max: number): number {
    const value = this.integer('limit') ?? absent;
    if (value < 1) throw refusal('-1130', 'limit');
    return Math.min(value, max);
  }

  clientId(name: string): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value.length > 36) throw refusal('-4015');
    if (!CLIENT_ID_PATTERN.test(value)) throw refusal('-1100', name, '^[\\.A-Z\\:/a-z0-9_-]{1,36}$');
    return value;
  }

  /** Both ends of a period, at most `daysMax` apart. */
  period(daysMax: number): { readonly startTime?: number; readonly endTime?: number } {
    const startTime = this.integer('startTime');
    const endTime = this.integer('endTime');
    if (startTime !== undefined && endTime !== undefined) {
      if (startTime > endTime) throw refusal('-1023');
      if (endTime - startTime > daysMax * 86_400_000) throw refusal('-4165', daysMax);
    }
    return { ...(startTime === undefined ? {} : { startTime }), ...(endTime === undefined ? {} : { endTime }) };
  }
}

function readPairs(part: string, values: Map<string, string>): void {
  if (part === '') return;
  for (const pair of part.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    if (values.has(name)) throw refusal('-1101');
    values.set(name, at < 0 ? '' : decode(name, pair.slice(at + 1)));
  }
}

function decode(name: string, text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    if (error instanceof URIError) throw refusal('-1100', name, 'percent-encoded UTF-8');
    throw error;
  }
}
