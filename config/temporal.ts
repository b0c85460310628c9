import { readFileSync } from 'node:fs';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { Settings } from './settings.ts';

type Options = Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey' | 'grpcCompression'>;

/**
 * How client and worker reach the engine.
 * @param embeddedAddress of the server that Keel started, used unless TEMPORAL_ADDRESS names a cluster.
 */
export function temporalConnectionOptions(settings: Settings, embeddedAddress = `127.0.0.1:${settings.enginePort}`): Options {
  const address = settings.temporalAddress ?? embeddedAddress;
  const isLoopback = /^(127\.|localhost|\[::1\])/.test(address);
  const { temporalTlsCert: cert, temporalTlsKey: key, temporalTlsCa: ca, temporalTlsServerName: serverName, temporalApiKey: apiKey } = settings;
  const useTls = settings.temporalTls ?? (cert !== undefined || ca !== undefined || apiKey !== undefined);
  return {
    address,
    ...(useTls ? {
      tls: {
        ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
        ...(ca === undefined ? {} : { serverRootCACertificate: readFileSync(ca) }),
        ...(cert === undefined || key === undefined ? {} : { clientCertPair: { crt: readFileSync(cert), key: readFileSync(key) } }),
      },
    } : {}),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(isLoopback ? { grpcCompression: { codec: 'none' as const } } : {}), // compressing between two processes of one machine costs more than it saves
  };
}
