import { BUILT_IN } from '../../../strategies/built-in/index.ts';
import { stagedStrategy, threeOfFour } from './staged.ts';

const ensemble = BUILT_IN.find((strategy) => strategy.name === 'ensemble');

/** Three symbols at the first close; all others hear the built-in voters. */
export default stagedStrategy('scenario-high-volatility', {
  BTC: { 4: threeOfFour(0.58, 0.6, 0.62) },
  ETH: { 4: threeOfFour(0.68, 0.72, 0.75) },
  SOL: { 4: threeOfFour(0.8, 0.8, 0.8) },
}, ensemble?.vote);
