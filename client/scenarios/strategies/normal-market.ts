import { stagedStrategy, threeOfFour } from './staged.ts';

export default stagedStrategy('scenario-normal-market', { BTC: { 4: threeOfFour(0.7, 0.7, 0.7) }, ETH: { 4: threeOfFour(0.7, 0.7, 0.7) } });
