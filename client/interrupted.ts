/** Aborts at the first SIGINT, SIGTERM or SIGHUP; further ones change nothing until all is down. */
export function onceInterrupted(): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (): void => controller.abort(new Error('interrupted'));
  for (const name of names) process.on(name, onSignal);
  return { signal: controller.signal, end: () => names.forEach((name) => process.off(name, onSignal)) };
}
