import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { Settings } from '../../config/settings.ts';
import { KeelError, messageOf } from '../../domain/errors.ts';

export type ConnectionSettings = Pick<
  Settings,
  'enginePort' | 'temporalAddress' | 'temporalTls' | 'temporalTlsCert' | 'temporalTlsKey' | 'temporalTlsCa' | 'temporalTlsServerName' | 'temporalApiKey'
>;

/** One address and one identity for both kinds of connection. */
export interface TemporalConnectionOptions {
  /** For `Connection.connect`. */
  readonly client: ConnectionOptions;
  /** For `NativeConnection.connect`. */
  readonly worker: NativeConnectionOptions;
}

/** The cluster's address: one of your own, or the embedded server. */
export function engineAddress(settings: Pick<Settings, 'enginePort' | 'temporalAddress'>): string {
  return settings.temporalAddress ?? `127.0.0.1:${settings.enginePort}`;
}

/** Workflow of the UI as a link. @param settings of the deployment */
export function engineUiUrl(settings: Pick<Settings, 'engineUiPort' | 'temporalUiUrl' | 'temporalAddress' | 'temporalNamespace'>): string | null {
  const base = settings.temporalUiUrl ?? (settings.temporalAddress === undefined ? `http://127.0.0.1:${settings.engineUiPort}` : null);
  return base === null ? null : `${base.replace(/\/$/, '')}/namespaces/${encodeURIComponent(settings.temporalNamespace)}/workflows`;
}

/**
 * How to connect to the engine, for clients and workers alike. Messages are not compressed on loopback: there it
 * costs time and saves nothing.
 * @throws {KeelError} SETTING_INVALID when a TLS file cannot be read, or only one of certificate and key is set.
 */
export function temporalConnectionOptions(settings: ConnectionSettings): TemporalConnectionOptions {
  const address = engineAddress(settings);
  const shared = { address, ...tlsOf(settings), ...(settings.temporalApiKey === undefined ? {} : { apiKey: settings.temporalApiKey }) };
  if (!isLoopback(address)) return { client: shared, worker: shared };
  return {
    client: { ...shared, channelArgs: { 'grpc.default_compression_algorithm': 0 } },
    worker: { ...shared, grpcCompression: { codec: 'none' } },
  };
}

function tlsOf(settings: ConnectionSettings): Pick<ConnectionOptions, 'tls'> {
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

function pem(variable: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new KeelError('SETTING_INVALID', `${variable} is "${path}", which cannot be read (${messageOf(error)}); allowed: a PEM file`, { cause: error });
  }
}

function isLoopback(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
