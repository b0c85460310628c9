import type { ProcessRef } from './process-identity.mjs';

export type LockAttempt = { kind: 'held'; release: () => void } | { kind: 'busy'; pid: number };
export function tryLock(file: string): LockAttempt;
export function withLock<T>(file: string, onWait: (pid: number) => void, body: () => Promise<T> | T): Promise<T>;
export function lockHolder(file: string): ProcessRef | null;
