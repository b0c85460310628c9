import { Context } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';

/** Several fit into the shortest heartbeat time-out (workflows/proxies.ts). */
const BEAT_MS = 500;

/**
 * Shows that the process lives while an activity runs. One that stands still took tasks with it, one for each open poll;
 * without heartbeats each of them would be lost for its whole time-out.
 */
export const heartbeatInterceptor: ActivityInboundCallsInterceptor = {
  async execute(input, next) {
    const context = Context.current();
    if (context.info.heartbeatTimeoutMs === undefined) return await next(input);
    const timer = setInterval(() => { context.heartbeat(); }, BEAT_MS);
    try {
      return await next(input);
    } finally {
      clearInterval(timer);
    }
  },
};
