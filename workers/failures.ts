import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import type { ErrorCode } from '../domain/errors.ts';
import { KeelError } from '../domain/errors.ts';

/** What waiting cannot mend: the engine is told not to try again. */
const FINAL_CODES: readonly ErrorCode[] = ['ORDER_TRANSITION', 'EFFECT_UNDECLARED', 'SETTING_INVALID', 'STRATEGY_INVALID', 'FEATURES_INVALID', 'LABEL_INVALID', 'LEARNER_INVALID', 'LEARNER_UNAVAILABLE', 'MODEL_INVALID', 'TRAINING_FAILED', 'INVARIANT'];

/** Gives each failure its code as type, so that it reads in the Temporal UI and the engine knows whether to retry. */
export const failureInterceptor: ActivityInboundCallsInterceptor = {
  async execute(input, next) {
    try {
      return await next(input);
    } catch (error) {
      if (!(error instanceof KeelError)) throw error;
      throw ApplicationFailure.create({ message: `${activityInfo().activityType}: ${error.message}`, type: error.code, nonRetryable: FINAL_CODES.includes(error.code), cause: error });
    }
  },
};
