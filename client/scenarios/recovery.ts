import type { GuardState } from '../../domain/emergency/guard.ts';
import type { Check } from './checks.ts';
import { are, is } from './checks.ts';
import type { EventFact } from './facts.ts';
import { emergencyEvents, guardOf } from './facts.ts';
import { scenario } from './scenario.ts';

export interface RecoverySeen {
  /** Mode after each thing that was staged, by its name. */
  readonly modes: readonly (readonly [string, GuardState['mode']])[];
  readonly guard: Pick<GuardState, 'cause' | 'resetBy' | 'emergency'>;
  readonly events: readonly EventFact[];
}

/** From a wallet of 10,000: profit and loss that leave so much drawdown, and where that leads. */
const STEPS = [
  { drawdown: '12 %', amount: '-1200', mode: 'emergency' },
  { drawdown: '8 %', amount: '400', mode: 'protective' },
  { drawdown: '3 %', amount: '500', mode: 'cautious' },
  { drawdown: '1 %', amount: '200', mode: 'armed' },
] as const;
const TRANSFER = { name: 'a deposit of 400 at 12 %', amount: '400' } as const;
/** Two looks with more than the dwell between them. */
const CANDLES_PER_STEP = 2;

export function judgeRecovery({ modes, guard, events }: RecoverySeen): readonly Check[] {
  const recovered = events.filter((it) => it.type === 'emergencyRecovered').map(({ payload }) => `${String(payload['from'])} → ${String(payload['to'])} at ${Number(payload['drawdownBps']) / 100} %`);
  const after = new Map(modes);
  return [
    is('cause', 'dailyLoss', guard.cause?.trigger),
    ...STEPS.map(({ drawdown, mode }) => is(`mode at ${drawdown}`, mode, after.get(drawdown))),
    is(`mode after ${TRANSFER.name}: transfers never count`, 'emergency', after.get(TRANSFER.name)),
    are('recovery events', ['emergency → protective at 8 %', 'protective → cautious at 3 %', 'cautious → normal at 1 %'], recovered),
    is('events that it tripped', 1, events.filter((it) => it.type === 'emergencyTriggered').length),
    is('a person who had to resume it', 'nobody', guard.resetBy ?? 'nobody'),
  ];
}

export const recovery = scenario<RecoverySeen>({
  id: 6,
  name: 'drawdown 12 → 8 → 3 → 1 %: exactly three recovery events',
  market: { seed: 'recovery', symbols: ['BTC'], atrPct: 2, percentile: 50, history: 760, candles: 12 },
  strategy: 'recovery',
  policy: {},
  play: async (stage) => {
    const modes: [string, GuardState['mode']][] = [];
    const note = async (name: string): Promise<void> => void modes.push([name, (await guardOf(stage)).mode]);
    await stage.trade();
    for (const { drawdown, amount, mode } of STEPS) {
      await stage.income('REALIZED_PNL', amount);
      if (mode === 'emergency') await stage.until('the emergency is sealed', async () => (await guardOf(stage)).mode === 'emergency');
      else await stage.trade(CANDLES_PER_STEP);
      await note(drawdown);
      if (mode !== 'emergency') continue;
      await stage.income('TRANSFER', TRANSFER.amount);
      await stage.trade(CANDLES_PER_STEP);
      await note(TRANSFER.name);
      await stage.income('TRANSFER', `-${TRANSFER.amount}`);
    }
    return { modes, guard: await guardOf(stage), events: await emergencyEvents(stage) };
  },
  judge: judgeRecovery,
});
