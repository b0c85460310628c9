/** A door in front of a server: tests shut it (refused) or hold it (accepted, and nothing is answered) for those who come through it. */
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export interface Gate {
  /** The server's URL, through the gate. */
  readonly url: string;
  /** As if the server had died: connections break, new ones are refused. */
  shut(): Promise<void>;
  /** As if the server were frozen, or the network swallowed everything. */
  hold(): void;
  /** Everything passes; what was held goes on. */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** @param url of the server behind it */
export async function openGate(url: string): Promise<Gate> {
  const behind = new URL(url);
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  let isHeld = false;

  const pass = (client: Socket): void => {
    const server = connect(Number(behind.port), behind.hostname);
    for (const [from, to] of [[client, server], [server, client]] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (data) => void to.write(data));
      from.on('error', () => to.destroy()); // whoever came through hears that it broke
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (isHeld) from.pause();
    }
  };
  const listener: Server = createServer((client) => {
    if (!isHeld) return pass(client);
    sockets.add(client);
    client.on('error', () => client.destroy());
    waiting.add(() => pass(client));
  });
  const listen = (port: number): Promise<void> => new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, '127.0.0.1', resolve);
  });
  const shut = (): Promise<void> => new Promise((resolve) => {
    listener.close(() => { resolve(); });
    for (const socket of sockets) socket.destroy();
    waiting.clear();
  });

  await listen(0);
  const { port } = listener.address() as { port: number };
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(port);
  return {
    url: through.href,
    shut,
    hold: () => {
      isHeld = true;
      for (const socket of sockets) socket.pause();
    },
    open: async () => {
      isHeld = false;
      if (!listener.listening) await listen(port);
      for (const socket of sockets) socket.resume();
      for (const start of waiting) start();
      waiting.clear();
    },
    close: async () => {
      if (listener.listening) await shut();
    },
  };
}
