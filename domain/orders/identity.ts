import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { KeelError } from '../errors.ts';
import type { Leg } from './order.ts';

/** Every order of Keel starts with this, whatever the deployment: so a second master is seen. */
export const CLIENT_ORDER_ID_PREFIX = 'kl';
/** Deployment ids are five characters of this alphabet. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
export const DEPLOYMENT_ID_PATTERN = /^[a-z2-7]{5}$/;
/** What Binance allows. @source Binance USD-M, New Order, `newClientOrderId`. */
export const CLIENT_ORDER_ID_PATTERN = /^[.A-Z:/a-z0-9_-]{1,36}$/;

/** Business identity of an order: position, leg and revision. A position's id holds portfolio and cycle. */
export function intentIdOf(parts: { positionId: string; leg: Leg; revision: number }): string {
  return `${parts.positionId}/${parts.leg}/${parts.revision}`;
}

/**
 * The id that the venue sees: prefix, deployment id, 128 bits of the hash of the intent's id in base 32.
 * @returns 34 characters: `kl`, five of the deployment, `-`, 26 of the hash.
 * @throws {KeelError} SETTING_INVALID, not retried: with another deployment id no order could be told for ours.
 */
export function clientOrderIdOf(deploymentId: string, intentId: string): string {
  if (!DEPLOYMENT_ID_PATTERN.test(deploymentId)) {
    throw new KeelError('SETTING_INVALID', `deployment id ${JSON.stringify(deploymentId)} (allowed: five characters of a-z and 2-7)`);
  }
  return `${CLIENT_ORDER_ID_PREFIX}${deploymentId}-${base32(sha256(utf8ToBytes(intentId)).subarray(0, 16))}`;
}

export type ClientOrderIdOwner = 'ours' | 'otherDeployment' | 'foreign';

/** Whose order is it: ours, another Keel's on the same account (two masters), or somebody else's. */
export function ownerOfClientOrderId(clientOrderId: string, deploymentId: string): ClientOrderIdOwner {
  if (!/^kl[a-z2-7]{5}-[a-z2-7]{26}$/.test(clientOrderId)) return 'foreign';
  return clientOrderId.startsWith(`${CLIENT_ORDER_ID_PREFIX}${deploymentId}-`) ? 'ours' : 'otherDeployment';
}

/** Lower-case RFC 4648 base 32 without padding. */
export function base32(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let out = '';
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      out += BASE32.charAt((value >>> (bits - 5)) & 31);
      bits -= 5;
    }
  }
  return bits > 0 ? out + BASE32.charAt((value << (5 - bits)) & 31) : out;
}
