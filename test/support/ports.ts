import { expect } from 'vitest';

/** A port of which only these methods are used; any other use fails the test. */
export function portOf<Port extends object>(methods: Partial<Port>): Port {
  return new Proxy(methods, {
    get(target, key): unknown {
      const method: unknown = Reflect.get(target, key);
      if (method === undefined) expect.unreachable(`unexpected use of ${String(key)}`);
      return method;
    },
  }) as Port;
}
