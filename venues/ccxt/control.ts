import { KeelError, messageOf } from '../../domain/errors.ts';
import { marketState, parseAnswer } from './schemas.ts';
import type { SimulationState } from './schemas.ts';

/** The control endpoint of a simulated venue, as far as an adapter needs it. */
export interface SimulationControl {
  state(): Promise<SimulationState>;
  acknowledge(eventId: number): Promise<void>;
}

const CONTROL_TIMEOUT_MS = 5_000;

/** @param controlUrl origin, such as `http://127.0.0.1:7002`. */
export function createSimulationControl(controlUrl: string): SimulationControl {
  let asking: Promise<SimulationState> | null = null;

  const ask = async (method: 'GET' | 'POST', path: string, body: object | null): Promise<unknown> => {
    let response: Response;
    try {
      response = await fetch(`${controlUrl}${path}`, {
        method, signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS),
        ...(body === null ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
    } catch (error) {
      throw new KeelError('VENUE_UNREACHABLE', `${method} ${controlUrl}${path}: ${messageOf(error)}`, { cause: error });
    }
    const text = await response.text();
    if (!response.ok) throw new KeelError('VENUE_REFUSED', `${method} ${controlUrl}${path}: HTTP ${response.status} ${text.slice(0, 300)}`);
    return text === '' ? null : JSON.parse(text);
  };

  return {
    /** Calls at the same time share one request. */
    state() {
      asking ??= ask('GET', '/state', null)
        .then((answer) => parseAnswer(marketState, answer, 'GET /state'))
        .finally(() => { asking = null; });
      return asking;
    },
    async acknowledge(eventId) {
      await ask('POST', '/acknowledge', { eventId });
    },
  };
}
