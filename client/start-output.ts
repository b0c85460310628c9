import type { Supervisor } from '../stack/supervisor/supervisor.ts';
import type { SupervisorEvent } from '../stack/supervisor/types.ts';
import { duration } from './output.ts';

/** One event of the supervisor in words; null for those that would only repeat another. */
export function eventLine(event: SupervisorEvent): string | null {
  switch (event.kind) {
    case 'state':
      return stateLine(event);
    case 'died':
      return `${event.name} died (${event.exit}); it is started again in ${event.restartInMs} ms`;
    case 'killed':
      return `${event.name} (pid ${event.pid}) did not stop within ${duration(event.afterMs)} and was killed`;
    case 'leftover':
      return `${event.name} (pid ${event.pid}) was left by a Keel that was killed: ${event.action}`;
    case 'step':
      return event.state === 'done' ? `${event.name}: done in ${Math.round(event.tookMs)} ms` : null;
  }
}

function stateLine({ process: view, adopted }: SupervisorEvent & { kind: 'state' }): string | null {
  const how = adopted ? ', adopted' : '';
  if (view.state === 'running') return `${view.name}: up (pid ${view.pid}${how}${view.restarts > 0 ? `, restart ${view.restarts}` : ''})`;
  if (view.state === 'stopped' || view.state === 'failed' || view.state === 'stopping') return `${view.name}: ${view.state}`;
  return null;
}

/** Processes and their health in one line; the trading part adds its own. */
export function processLine(supervisor: Supervisor): string {
  const { processes, supervisor: self } = supervisor.state();
  const running = processes.filter((view) => view.state === 'running').length;
  const restarts = processes.reduce((sum, view) => sum + view.restarts, 0);
  return `${running}/${processes.length} processes up · ${restarts} restarts · ${duration(Date.now() - self.startedAt)}`;
}

const LIVE_EVERY_MS = 1_000;
const PLAIN_EVERY_MS = 30_000;

/** Lines that stay, and below them one line that is rewritten each second (on a terminal; elsewhere each 30 s). */
export class LiveOutput {
  readonly #stream: NodeJS.WriteStream;
  #live = '';
  #timer: NodeJS.Timeout | null = null;

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    this.#stream = stream;
  }

  line(text: string): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
    if (this.#stream.isTTY) this.#stream.write(this.#live);
  }

  /** @param state one line; a failure to say is said in its place */
  follow(state: () => Promise<string>): void {
    const show = (): void => {
      state().catch((error: unknown) => `(no state: ${error instanceof Error ? error.message : String(error)})`).then((text) => this.#show(text)).catch(() => this.end());
    };
    this.#timer = setInterval(show, this.#stream.isTTY ? LIVE_EVERY_MS : PLAIN_EVERY_MS);
    show();
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#clear();
    this.#live = '';
  }

  #show(text: string): void {
    if (this.#timer === null) return;
    if (!this.#stream.isTTY) {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#clear();
    const width = this.#stream.columns > 0 ? this.#stream.columns : 80; // some terminals say 0
    this.#live = text.split('\n')[0]?.slice(0, width - 1) ?? '';
    this.#stream.write(this.#live);
  }

  #clear(): void {
    if (this.#stream.isTTY && this.#live !== '') this.#stream.write('\r\u001b[2K');
  }
}
