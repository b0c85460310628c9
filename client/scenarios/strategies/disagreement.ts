import { stagedStrategy, threeOfFour } from './staged.ts';

/** Two against one and one; beside them three of four. */
export default stagedStrategy('scenario-disagreement', {
  BTC: { 4: [['buy', 0.8], ['buy', 0.8], ['sell', 0.8], ['hold', 0.8]] },
  ETH: { 4: threeOfFour(0.8, 0.8, 0.8) },
});
