/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, and when the program that started this one with a channel to it is gone,
 * however it ended; further ones change nothing until all is down.
 */
export function onceInterrupted(): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (): void => controller.abort(new Error('interrupted'));
  for (const name of names) process.on(name, onSignal);
  if (process.connected) {
    process.on('disconnect', onSignal);
    process.channel?.unref(); // listening alone would keep this process alive
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {}); // nobody reads any more: it tidies up all the same
  }
  return {
    signal: controller.signal,
    end: () => {
      for (const name of names) process.off(name, onSignal);
      process.off('disconnect', onSignal);
    },
  };
}
