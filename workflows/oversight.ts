import { setCurrentDetails } from '@temporalio/workflow';
import { percent } from '../domain/emergency/triggers.ts';
import type { PostureLook } from '../domain/ports/ledger.ts';
import type { OversightInput } from './messages.ts';
import { overseeing } from './proxies.ts';

/** Sets the posture between candles, from drawdown, health and guard; each cycle does the same with the regimes that it sees. */
export async function oversight({ portfolioId }: OversightInput): Promise<PostureLook> {
  const look = await overseeing.oversee(portfolioId);
  const { state: { posture, why, room }, change } = look;
  setCurrentDetails(`**${posture}**: ${why}${change === null ? '' : ` (was ${change.from})`}${room === null || room.slots <= 0 ? '' : `\n\nslots used: ${percent((room.open / room.slots) * 10_000)}`}`);
  return look;
}
