import { stagedStrategy } from './staged.ts';

/** Wants nothing: money moves by what is staged alone. */
export default stagedStrategy('scenario-recovery', {});
