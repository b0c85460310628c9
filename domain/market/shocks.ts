import type { Shock } from './candle-source.ts';
import type { InstrumentId } from './instrument.ts';

/** Jumps that were ordered: prices of a symbol are multiplied from an index on. */
export class ShockLog {
  readonly #shocks: Shock[] = [];

  add(shock: Shock): void {
    if (!(shock.factor > 0 && Number.isFinite(shock.factor))) {
      throw new RangeError(`a shock's factor must be above 0, not ${shock.factor} (0.9 is a fall by 10 %)`);
    }
    this.#shocks.push(shock);
  }

  all(): readonly Shock[] {
    return [...this.#shocks];
  }

  /** Product of the factors that hold at an index. */
  factorAt(id: InstrumentId, index: number): number {
    let factor = 1;
    for (const shock of this.#shocks) if (shock.instrumentId === id && index >= shock.index) factor *= shock.factor;
    return factor;
  }
}
