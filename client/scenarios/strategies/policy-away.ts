import { stagedStrategy } from './staged.ts';

/** SOL is wanted with less confidence than the built-in policy takes. */
export default stagedStrategy('scenario-policy-away', {
  BTC: { 4: [['buy', 0.8], ['buy', 0.8]] },
  ETH: { 5: [['buy', 0.8], ['buy', 0.8]] },
  SOL: { 5: [['buy', 0.55], ['buy', 0.55]], 6: [['buy', 0.55], ['buy', 0.55]], 7: [['buy', 0.55], ['buy', 0.55]] },
});
