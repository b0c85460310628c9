import { stagedStrategy } from './staged.ts';

const buys = [['buy', 0.8], ['buy', 0.8]] as const;

/** ETH moves with BTC, SOL apart; XRP goes the other way round than BTC, which it moves with. */
export default stagedStrategy('scenario-correlation', {
  BTC: { 4: buys }, ETH: { 5: buys }, SOL: { 5: buys }, XRP: { 5: [['sell', 0.8], ['sell', 0.8]] },
});
