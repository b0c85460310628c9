import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { KeelError, messageOf } from '../domain/errors.ts';
import type { Settings } from './settings.ts';

export type EngineSettings = Pick<
  Settings,
  'enginePort' | 'temporalAddress' | 'temporalTls' | 'temporalTlsCert' | 'temporalTlsKey' | 'temporalTlsCa' | 'temporalTlsServerName' | 'temporalApiKey'
>;

/** The engine's address: a cluster of your own, or the embedded server. */
export function engineAddress(settings: Pick<Settings, 'enginePort' | 'temporalAddress'>): string {
  return settings.temporalAddress ?? `127.0.0.1:${settings.enginePort}`;
}

/** Where people look at the workflows; null for a cluster whose UI was not named. */
export function engineUiUrl(settings: Pick<Settings, 'engineUiPort' | 'temporalUiUrl' | 'temporalAddress' | 'temporalNamespace'>): string | null {
  const base = settings.temporalUiUrl ?? (settings.temporalAddress === undefined ? `http://127.0.0.1:${settings.engineUiPort}` : null);
  return base === null ? null : `${base.replace(/\/$/, '')}/namespaces/${encodeURIComponent(settings.temporalNamespace)}/workflows`;
}

/**
 * For a worker's `NativeConnection.connect`. On loopback nothing is compressed: it costs more than it saves.
 * @throws {KeelError} SETTING_INVALID when a TLS file cannot be read, or only one of certificate and key is set.
 */
export function temporalConnectionOptions(settings: EngineSettings): NativeConnectionOptions {
  return { ...shared(settings), ...(isLoopback(settings) ? { grpcCompression: { codec: 'none' } } : {}) };
}

/** For a client's `Connection.connect`. @throws as `temporalConnectionOptions` */
export function clientConnectionOptions(settings: EngineSettings): ConnectionOptions {
  return { ...shared(settings), ...(isLoopback(settings) ? { channelArgs: { 'grpc.default_compression_algorithm': 0 } } : {}) };
}

type Shared = { address: string; apiKey?: string } & Pick<NativeConnectionOptions, 'tls'>;

function shared(settings: EngineSettings): Shared {
  const apiKey = settings.temporalApiKey;
  return { address: engineAddress(settings), ...tlsOf(settings), ...(apiKey === undefined ? {} : { apiKey }) };
}

function tlsOf(settings: EngineSettings): Pick<NativeConnectionOptions, 'tls'> {
  const { temporalTlsCert: cert, temporalTlsKey: key, temporalTlsCa: ca, temporalTlsServerName: name } = settings;
  if ((cert === undefined) !== (key === undefined)) {
    throw new KeelError('SETTING_INVALID', 'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH belong together; only one is set');
  }
  const wanted = settings.temporalTls ?? (settings.temporalApiKey !== undefined || [cert, ca, name].some((value) => value !== undefined));
  if (!wanted) return { tls: false };
  return {
    tls: {
      ...(name === undefined ? {} : { serverNameOverride: name }),
      ...(ca === undefined ? {} : { serverRootCACertificate: pem('TEMPORAL_TLS_SERVER_CA_CERT_PATH', ca) }),
      ...(cert === undefined || key === undefined ? {} : {
        clientCertPair: { crt: pem('TEMPORAL_TLS_CLIENT_CERT_PATH', cert), key: pem('TEMPORAL_TLS_CLIENT_KEY_PATH', key) },
      }),
    },
  };
}

function pem(variable: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new KeelError('SETTING_INVALID', `${variable} is "${path}", which cannot be read (${messageOf(error)}); allowed: a PEM file`, { cause: error });
  }
}

function isLoopback(settings: EngineSettings): boolean {
  return /^(127\.|localhost:|\[::1\])/.test(engineAddress(settings));
}
