import { stagedStrategy, threeOfFour } from './staged.ts';

const buys = { 4: threeOfFour(0.8, 0.8, 0.8) };

export default stagedStrategy('scenario-flash-crash', { BTC: buys, ETH: buys, SOL: buys });
