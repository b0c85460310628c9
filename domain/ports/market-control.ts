/** The market clock of a simulated venue. Real venues have none. */
export interface MarketState {
  readonly marketTime: number;
  readonly mode: 'paced' | 'paused' | 'lockstep';
  readonly ended: boolean;
  readonly candlesDone: number;
  readonly candlesTotal: number | null;
  readonly lastEventId: number;
  readonly acknowledgedEventId: number;
}

export interface MarketAdvance {
  readonly stoppedAt: 'accountEvent' | 'candleClose' | 'until' | 'end';
  readonly marketTime: number;
  readonly lastEventId: number;
}

export interface MarketControl {
  state(): Promise<MarketState>;
  /**
   * Lockstep: runs until the next account event, candle close, `untilMarketTime` or the end.
   * The same `requestId` answers the same advance again: a caller that died asks once more and skips nothing.
   */
  advance(request: { requestId: string; untilMarketTime: number | null }): Promise<MarketAdvance>;
}
