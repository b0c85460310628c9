import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { KeelError } from '../../domain/errors.ts';
import type { PortUse } from './types.ts';

const HOST = '127.0.0.1';

/** Is nobody listening on the port of loopback? */
export async function isPortFree(port: number, host: string = HOST): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** Does somebody accept connections on a port of loopback? Cheap enough to ask every 50 ms. */
export async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST, timeout: 1_000 });
    const answer = (listening: boolean): void => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false)).once('timeout', () => answer(false));
  });
}

/** Below what systems give to outgoing connections and to servers that ask for any port: nobody takes it meanwhile by chance. */
const SCRATCH_PORTS = { from: 20_000, to: 32_000 } as const;

/** A free port, for tests and scratch servers. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(SCRATCH_PORTS.from, SCRATCH_PORTS.to);
    if (await isPortFree(port)) return port;
  }
}

/** @throws {KeelError} PORT_TAKEN, naming the port, who holds it where that can be seen, and the setting that changes it. */
export async function assertPortFree(name: string, use: PortUse): Promise<void> {
  if (await isPortFree(use.port)) return;
  const holder = portHolder(use.port);
  const who = holder === null ? 'another program (see `lsof -i :' + use.port + '`)' : `pid ${holder.pid} (${holder.command})`;
  throw new KeelError('PORT_TAKEN', `port ${use.port}, which ${name} needs, is held by ${who}; stop that program, or set another port: ${use.setting}`);
}

/** Who listens on a TCP port. @returns null where the system does not show it (another user's process, not Linux). */
export function portHolder(port: number): { pid: number; command: string } | null {
  if (process.platform !== 'linux') return null;
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listeningInodes(file, port)));
  if (inodes.size === 0) return null;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (!holdsSocket(pid, inodes)) continue;
    return { pid: Number(pid), command: commandOf(Number(pid)).slice(0, 120) };
  }
  return null;
}

/** Rows of /proc/net/tcp: `sl local:port remote:port state … inode`; 0A is LISTEN. */
function listeningInodes(file: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return linesOf(file).map((line) => line.trim().split(/\s+/)).filter((columns) => columns[1]?.endsWith(`:${hex}`) && columns[3] === '0A').flatMap((columns) => columns[9] ?? []);
}

function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  return unlessGone(() => readdirSync(`/proc/${pid}/fd`), []).some((descriptor) => {
    const link = unlessGone(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`), '');
    return link.startsWith('socket:[') && inodes.has(link.slice(8, -1));
  });
}

/** Command line of a process; empty when it is gone or closed to us. */
export function commandOf(pid: number): string {
  if (process.platform !== 'linux') return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return unlessGone(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '').replaceAll('\0', ' ').trim();
}

function linesOf(file: string): string[] {
  return unlessGone(() => readFileSync(file, 'utf8'), '').split('\n');
}

/** Processes end while they are looked at, and other users' are closed to us: both mean "nothing to see". */
export function unlessGone<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(code)) return otherwise;
    throw error;
  }
}
